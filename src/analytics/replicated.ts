/**
 * Definitions for a ClickHouse of several replicas: each statement runs `ON CLUSTER`, and each table becomes its Replicated engine. The macros
 * `{shard}` and `{replica}` are the cluster's own, as every replicated ClickHouse has them.
 */

/** `CREATE TABLE x`, up to where `ON CLUSTER` goes. */
const HEAD =
  /^((?:CREATE|ALTER|DROP)\s+(?:TABLE|VIEW|MATERIALIZED\s+VIEW|DATABASE)\s+(?:IF\s+(?:NOT\s+)?EXISTS\s+)?(\{\w+:Identifier\}|\w+))/i
const ENGINE = /\bENGINE\s*=\s*(?!Replicated)(\w*MergeTree)\s*(?:\(([^()]*)\))?/i

/** The statement for a cluster of this name. Throws for one that it does not know how to run on all replicas. */
export function onCluster(statement: string, cluster: string): string {
  const [, head, name] = HEAD.exec(statement) ?? []
  if (head === undefined || name === undefined) throw new Error(`no definition: ${statement.slice(0, 80)}`)
  return `${head} ON CLUSTER ${quoted(cluster)}${statement.slice(head.length)}`
    .replace(ENGINE, (_, engine: string, parameters = '') => {
      const list = [
        `'/clickhouse/tables/{shard}/{database}/${name}'`,
        "'{replica}'",
        ...(parameters === '' ? [] : [parameters]),
      ]
      return `ENGINE = Replicated${engine}(${list.join(', ')})`
    })
    .replaceAll('non_replicated_deduplication_window', 'replicated_deduplication_window')
}

const quoted = (name: string): string => `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``
