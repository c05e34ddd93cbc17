#!/usr/bin/env bash
# Starts one broker of docker-compose.yml. Environment: NODE_ID (1 to 3), CLIENTS_PORT (where the machine itself shows this broker), KAFKA_PASSWORD.
# SCRAM users can only be made while formatting, or by a broker that runs: hence not the image's own start.
set -euo pipefail

settings=/tmp/broker.properties
module=org.apache.kafka.common.security
self="username=\"platform\" password=\"$KAFKA_PASSWORD\""
{
  cat /etc/kafka/clarion.properties
  echo "node.id=$NODE_ID"
  echo "listeners=INTERNAL://0.0.0.0:9092,CLIENTS://0.0.0.0:$CLIENTS_PORT,CONTROLLER://0.0.0.0:9093"
  echo "advertised.listeners=INTERNAL://kafka-$NODE_ID:9092,CLIENTS://127.0.0.1:$CLIENTS_PORT"
  echo "listener.name.controller.plain.sasl.jaas.config=$module.plain.PlainLoginModule required $self user_platform=\"$KAFKA_PASSWORD\";"
  echo "listener.name.internal.scram-sha-512.sasl.jaas.config=$module.scram.ScramLoginModule required $self;"
  echo "listener.name.clients.scram-sha-512.sasl.jaas.config=$module.scram.ScramLoginModule required;"
} >"$settings"

/opt/kafka/bin/kafka-storage.sh format --ignore-formatted -t Q2xhcmlvbi1jb21wb3NlMA -c "$settings" \
  --add-scram "SCRAM-SHA-512=[name=platform,password=$KAFKA_PASSWORD]"
exec /opt/kafka/bin/kafka-server-start.sh "$settings"
