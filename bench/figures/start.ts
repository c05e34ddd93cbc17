import type { Stand } from '../stand.ts'
import type { Row } from '../table.ts'
export async function measureStart(_stand: Stand): Promise<Row[]> {
  return []
}
