/** Parts that the operator's requests share. */
import {
  type CompactReader,
  compact,
  compactArray,
  flexibleRequest,
  int32,
  type Part,
} from '../../src/kafka/protocol/flexible.ts'

export const NULL = Buffer.of(0)

export function request<T>(
  apiKey: number,
  apiVersion: number,
  apiName: string,
  body: Part[],
  decode: (reader: CompactReader) => T,
) {
  return { ...flexibleRequest({ apiKey, apiVersion, apiName, body, decode }), apiKey, apiVersion, apiName }
}

export const flag = (value: boolean): Buffer => Buffer.of(value ? 1 : 0)
export const int32Array = (values: readonly number[]): Part => compactArray(values.map(value => [int32(value)]))
export const texts = (values: readonly string[]): Part => compactArray(values.map(value => [compact(value)]))
export const int32s = (reader: CompactReader): number[] => reader.array(() => reader.int32())
