/** The definitions of the worked example, which the demo has from `examples/workflows`. */
export { ORDERS, REORDER } from '../../demo/workflows/definitions.ts'
