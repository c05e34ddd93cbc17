/** Routes of variables and secrets. */
import type { Route } from '../http/route.ts'
import { list, route } from '../http/route-table.ts'
import { boolean, object, string } from '../http/schema-parts.ts'
import type { createNamedHandlers } from './handlers.ts'
import { secret, valueInput, variable } from './schemas.ts'

export interface VariableHandlers {
  variables: ReturnType<typeof createNamedHandlers>
  secrets: ReturnType<typeof createNamedHandlers>
}

const removed = object({ name: string, deleted: boolean })

// biome-ignore format: a table
export function createVariableRoutes({ variables, secrets }: VariableHandlers): Route[] {
  const [path, secretPath] = ['/api/v1/variables', '/api/v1/secrets']
  return [
    route('GET', path, 'workflows:read', 'List variables, by name.', list(variable), variables.list),
    route('GET', `${path}/:name`, 'workflows:read', 'One variable.', { answer: variable }, variables.get),
    route('PUT', `${path}/:name`, 'workflows:manage', 'Set a variable, which definitions read as $env.NAME.', { body: valueInput, answer: variable }, variables.set),
    route('DELETE', `${path}/:name`, 'workflows:manage', 'Delete a variable that no live version reads.', { answer: removed }, variables.delete),
    route('GET', secretPath, 'workflows:read', 'List secrets, by name, without their values.', list(secret), secrets.list),
    route('GET', `${secretPath}/:name`, 'workflows:read', 'Whether there is a secret; never its value.', { answer: secret }, secrets.get),
    route('PUT', `${secretPath}/:name`, 'workflows:manage and secrets:use', 'Set a secret; it is stored sealed.', { body: valueInput, answer: secret }, secrets.set),
    route('DELETE', `${secretPath}/:name`, 'workflows:manage and secrets:use', 'Delete a secret that no live version reads.', { answer: removed }, secrets.delete),
  ]
}
