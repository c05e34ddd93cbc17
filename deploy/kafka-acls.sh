#!/usr/bin/env bash
# Grants the platform's user its rights at a Kafka cluster with an authorizer, one call each.
#
#   deploy/kafka-acls.sh --bootstrap-server kafka-1:9092 --command-config admin.properties [--user platform] [--dry-run]
#
# `admin.properties`: how a user who may alter the cluster logs in. `kafka-acls.sh` is looked for on the PATH, or where KAFKA_ACLS says.
set -euo pipefail

usage() { sed -n '2,6s/^# \{0,1\}//p' "$0"; }

user=platform dry= connection=()
while (($#)); do
  case $1 in
    --help | -h) usage; exit 0 ;;
    --user) user=${2:?--user takes a name}; shift 2 ;;
    --dry-run) dry=echo; shift ;;
    --bootstrap-server | --command-config) connection+=("$1" "${2:?$1 takes a value}"); shift 2 ;;
    *) echo "kafka-acls.sh: unknown option $1" >&2; usage >&2; exit 1 ;;
  esac
done
((${#connection[@]})) || { echo 'kafka-acls.sh: --bootstrap-server is missing' >&2; usage >&2; exit 1; }

grant() { $dry "${KAFKA_ACLS:-kafka-acls.sh}" "${connection[@]}" --add --allow-principal "User:$user" "$@"; }

# Topics are made, grown and deleted with organizations; users, quotas and ACLs of organizations are the cluster's.
grant --cluster --operation Create --operation Alter --operation Describe --operation AlterConfigs --operation DescribeConfigs
grant --topic '*' --operation Read --operation Write --operation Describe --operation Create --operation Delete \
  --operation Alter --operation DescribeConfigs --operation AlterConfigs
# Leases of the roles; groups of organizations are described for their lag.
grant --group '*' --operation Read --operation Describe
grant --transactional-id '*' --operation Write --operation Describe
