/** How organizations' own Kafka clients connect to the cluster. */
export const KAFKA_SECURITY_PROTOCOLS = ['SASL_PLAINTEXT', 'SASL_SSL'] as const
export type KafkaSecurityProtocol = (typeof KAFKA_SECURITY_PROTOCOLS)[number]
