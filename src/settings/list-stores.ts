/** Settings of Kafka, ClickHouse and PostgreSQL: where they are, and what is made in them. */
import type { Setting } from './setting.ts'

export const STORE_SETTINGS: readonly Setting[] = [
  {
    name: 'KAFKA_BROKERS',
    sentence: 'Addresses of a Kafka cluster, host:port by comma; empty starts the embedded broker.',
    default: '',
    example: 'kafka-1:9092,[2001:db8::1]:9092',
  },
  {
    name: 'KAFKA_USERNAME',
    sentence: 'User of the platform at the cluster; empty connects without SASL.',
    default: '',
    example: 'platform',
  },
  { name: 'KAFKA_PASSWORD', sentence: 'Its password.', default: '', example: 'correct-horse-battery-staple' },
  {
    name: 'KAFKA_SASL_MECHANISM',
    sentence: 'How that user logs in: plain, scram-sha-256, scram-sha-512 or oauthbearer.',
    default: 'scram-sha-512',
    example: 'scram-sha-256',
  },
  {
    name: 'KAFKA_OAUTH_TOKEN_URL',
    sentence: 'Where tokens for oauthbearer come from: an endpoint for client credentials (RFC 6749).',
    default: '',
    example: 'https://login.example.com/oauth2/token',
  },
  { name: 'KAFKA_OAUTH_CLIENT_ID', sentence: 'The client that asks for them.', default: '', example: 'clarion' },
  { name: 'KAFKA_OAUTH_CLIENT_SECRET', sentence: 'Its secret.', default: '', example: 'correct-horse-battery-staple' },
  { name: 'KAFKA_OAUTH_SCOPE', sentence: 'The scope it asks for; empty asks for none.', default: '', example: 'kafka' },
  {
    name: 'KAFKA_SSL',
    sentence: 'Whether to reach the cluster over TLS: true or false.',
    default: 'false',
    example: 'true',
  },
  {
    name: 'KAFKA_SSL_CA',
    sentence:
      "Who signs the brokers' certificates: a file of PEM certificates, or their text; empty trusts the machine's authorities.",
    default: '',
    example: '/etc/clarion/kafka-ca.pem',
  },
  {
    name: 'KAFKA_SSL_CERT',
    sentence: "The platform's own certificate, where brokers ask for one: a PEM file or its text.",
    default: '',
    example: '/etc/clarion/kafka-client.pem',
  },
  {
    name: 'KAFKA_SSL_KEY',
    sentence: 'Its key: a PEM file or its text.',
    default: '',
    example: '/etc/clarion/kafka-client.key',
  },
  {
    name: 'KAFKA_CLIENT_BOOTSTRAP',
    sentence:
      "Addresses of the cluster for organizations' own Kafka clients, host:port by comma; empty tells them KAFKA_BROKERS.",
    default: '',
    example: 'kafka.example.com:9094',
  },
  {
    name: 'KAFKA_CLIENT_SECURITY_PROTOCOL',
    sentence:
      'SASL_SSL, or SASL_PLAINTEXT for a listener whose clients may show their passwords to the network; the embedded broker has the latter.',
    default: '',
    example: 'SASL_SSL',
  },
  {
    name: 'KAFKA_REPLICATION_FACTOR',
    sentence: 'Replicas of each topic; empty means 3 where there are three brokers or more, else 1.',
    default: '',
    unit: 'replicas',
    example: '3',
  },
  {
    name: 'CLARION_SHARDS',
    sentence: 'Units of ownership, fixed when the topics are first made.',
    default: '8',
    unit: 'shards',
    example: '8',
  },
  {
    name: 'CLARION_INSTANCE',
    sentence:
      'Lasting name of this process, which no other process of its roles has (the pod of a StatefulSet); empty: a slot of the data directory.',
    default: '',
    example: 'clarion-0',
  },
  {
    name: 'CLICKHOUSE_URL',
    sentence: 'HTTP address of a ClickHouse server, with user and password; empty starts the embedded one.',
    default: '',
    example: 'https://user:password@clickhouse.example.com:8443',
  },
  {
    name: 'CLICKHOUSE_CLUSTER',
    sentence:
      "Name of ClickHouse's cluster: the tables of a new database are replicated, and a majority has each insert. Empty: one server.",
    default: '',
    example: 'events',
  },
  {
    name: 'DATABASE_URL',
    sentence:
      "PostgreSQL 15 or newer for organizations' tables, a database of its own with its owner's login; empty starts the embedded one when a table is first used; off: no tables.",
    default: '',
    example: 'postgres://user:password@postgres.example.com:5432/clarion?sslmode=verify-full',
  },
  {
    name: 'TABLES_SHARED_CATALOG',
    sentence:
      "Whether organizations may run SQL on a server whose catalogs cannot be hidden from them: refuse or allow; they would see each other's table names.",
    default: 'refuse',
    example: 'allow',
  },
]
