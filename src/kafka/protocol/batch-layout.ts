/** Offsets of the fields in a record batch of format 2 (Kafka protocol guide, "Record Batch"), from its first byte. */
export const HEADER_BYTES = 61
/** The leader epoch of the append. */
export const LEADER_EPOCH_AT = 12
export const CHECKSUM_AT = 17
/** The checksum covers everything from here. */
export const ATTRIBUTES_AT = 21
export const TRANSACTIONAL = 0x10
export const CONTROL = 0x20
export const LOG_APPEND_TIME = 0x08
export const CODEC_MASK = 0x07
