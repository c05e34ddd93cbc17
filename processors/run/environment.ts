/** The values that definitions read as `$env`: variables as they are when a run starts, secrets when they are sent. */
import { environmentId } from '../../src/control-plane/workflows/variables.ts'
import type { SecretBox } from '../../src/crypto/secret-box.ts'
import type { ControlView } from '../../src/model/control-view.ts'
import type { Owner } from '../../src/model/environments.ts'

type View = Pick<ControlView, 'find'>

export function variablesOf(view: View, owner: Owner, names: readonly string[]): Record<string, string> {
  const values: Record<string, string> = {}
  for (const name of names) {
    const found = view.find('variable', owner.organizationId, environmentId(owner.environment, name))
    if (found !== undefined) values[name] = found.value
  }
  return values
}

/** `noted`: every value that was read, for redaction. */
export function secretReader(
  { view, secrets }: { view: View; secrets: Pick<SecretBox, 'decrypt'> },
  { organizationId, environment }: Owner,
  noted: Set<string>,
): (name: string) => string | undefined {
  return name => {
    const found = view.find('secret', organizationId, environmentId(environment, name))
    if (found === undefined) return undefined
    const value = secrets.decrypt(found.encryptedValue)
    noted.add(value)
    return value
  }
}
