/** Normalised conditions. Operands of `path` are dotted paths into the envelope, `payload.…` for the payload. */
export type ConditionGroup = { all: ConditionNode[] } | { any: ConditionNode[] }
export type ConditionNode =
  | ConditionGroup
  | { path: string; operator: string; value?: unknown; not?: boolean; coerce?: boolean }
