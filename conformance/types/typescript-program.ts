/** A program that holds every payload as a literal of its type, and writes it as JSON. */
import type { TypesCase } from './case.ts'

export function typescriptProgram(cases: readonly TypesCase[]): string {
  const imports = cases.map((_, index) => `import type { CaseS${index} } from './s${index}.ts'\n`)
  const literals = cases.map(({ payloads }, index) =>
    payloads.map(
      payload => `const ${nameOf(index, payloads.indexOf(payload))}: CaseS${index} = ${literalOf(payload)}\n`,
    ),
  )
  const written = cases.flatMap(({ payloads }, index) =>
    payloads.map(payload => `  ${nameOf(index, payloads.indexOf(payload))},\n`),
  )
  return `${imports.join('')}
declare const process: { argv: string[]; getBuiltinModule(name: 'node:fs'): { writeFileSync(path: string, text: string): void } }

${literals.map(each => [...new Set(each)].join('')).join('')}
const payloads: unknown[] = [
${written.join('')}]
process.getBuiltinModule('node:fs').writeFileSync(process.argv[3] as string, payloads.map(payload => \`=\${JSON.stringify(payload)}\\n\`).join(''))
`
}

const nameOf = (index: number, payload: number): string => `payload${index}_${payload}`

/** JSON as an expression: in a literal \`__proto__\` would be no property. */
const literalOf = (payload: string): string => payload.replaceAll('"__proto__":', '["__proto__"]:')
