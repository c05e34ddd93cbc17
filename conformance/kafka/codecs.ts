/** Every compression that a producer may choose. */
export const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd']
