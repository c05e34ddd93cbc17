/** Input and output types of tables and their rows. */
export type ColumnType = 'text' | 'integer' | 'bigint' | 'numeric' | 'boolean' | 'timestamptz' | 'jsonb' | 'uuid'

export interface NewColumn {
  /** `^[a-z][a-z0-9_]{0,62}$`; every table has the column `id` besides. */
  name: string
  type: ColumnType
  /** True unless said. */
  nullable?: boolean
  /** A constant. */
  default?: unknown
  unique?: boolean
}

export interface NewTable {
  name: string
  columns: NewColumn[]
}

export interface Table {
  name: string
  columns: Array<Required<NewColumn>>
  createdAt: string
  /** On disk, with its indexes. */
  storedBytes: number
}

/** `bigint` and `numeric` beyond double precision are text. */
export type Row = Record<string, unknown>

/** All must hold; null is *is null*. */
export type Where = Record<string, unknown>

export interface RowSelection {
  where?: Where
  /** A column; `-column` for descending. Newest rows first by default. */
  orderBy?: string
}

export interface RowChange {
  where: Where
  set?: Row
  /** Added to what is there, in one step: nobody comes between. */
  increment?: Record<string, number | string>
  /** Least value of every incremented column: below it nothing changes (`stock_insufficient`). */
  min?: number | string
}

export interface QueryResult<T extends Row = Row> {
  rows: T[]
  rowCount: number
  columns: string[]
}
