import { stripTypeScriptTypes } from 'node:module'

/** A jest transformer: the same type stripping that Node applies when it runs a `.ts` file. */
export default {
  process: source => ({ code: stripTypeScriptTypes(source, { mode: 'strip' }) }),
}
