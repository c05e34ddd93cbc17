"""An application in Python on librdkafka: produces in every codec and in transactions, reads its own log, is refused a neighbour's topic."""
import json
import sys
import time

from confluent_kafka import Consumer, KafkaException, Producer

settings = json.load(open(sys.argv[1]))
shared = settings["librdkafkaProperties"]
connection = {name: value for name, value in shared.items() if name not in ("isolation.level", "group.id", "auto.offset.reset")}
headers = [("name", "platformxe.generic")]
checks = []


def check(what, passed):
    checks.append({"what": what, "passed": bool(passed)})


def payload(kind, n):
    return json.dumps({"kind": kind, "data": {"n": n}}).encode()


expected = []
for codec in settings["codecs"]:
    failures = []
    producer = Producer({**connection, "compression.type": codec, "enable.idempotence": True, "linger.ms": 50})
    for n in range(settings["count"]):
        producer.produce(
            settings["emits"],
            payload(codec, n),
            key=f"s{n % 3}",
            headers=headers,
            on_delivery=lambda error, _message: failures.append(error) if error else None,
        )
        expected.append(codec)
    check(f"produces with {codec}", producer.flush(20) == 0 and not failures)

transactional = Producer({**connection, "transactional.id": settings["transactionalIdPrefix"] + "python"})
transactional.init_transactions(20)
for kind in ("aborted", "committed"):
    transactional.begin_transaction()
    for n in range(3):
        transactional.produce(settings["emits"], payload(kind, n), headers=headers)
    transactional.commit_transaction(20) if kind == "committed" else transactional.abort_transaction(20)
expected += ["committed"] * 3

refusals = []
intruder = Producer({**connection, "message.timeout.ms": 5000})
intruder.produce(settings["foreign"], b"{}", on_delivery=lambda error, _message: refusals.append(error))
intruder.flush(10)
check("is refused a neighbour's topic", len(refusals) == 1 and refusals[0] is not None)

consumer = Consumer({**shared, "group.id": settings["groupPrefix"] + "python", "enable.auto.commit": False})
consumer.subscribe([settings["events"]])
read = []
deadline = time.time() + 40
while len(read) < len(expected) and time.time() < deadline:
    message = consumer.poll(1)
    if message is None:
        continue
    if message.error():
        raise KafkaException(message.error())
    read.append(message)
extra = consumer.poll(2)
check("reads back what was accepted, nothing of an aborted transaction", sorted(json.loads(m.value())["kind"] for m in read) == sorted(expected))
check("reads nothing else", extra is None)
names = {name for name, _value in read[0].headers()}
check("is told by headers what routing needs", {"canonical-name", "event-id", "sequence", "depth", "environment", "schema-version", "ce_type"} <= names)
sequences = [int(dict(m.headers())["sequence"]) for m in read]
check("finds the sequence without a gap", sorted(sequences) == list(range(1, len(expected) + 1)))
consumer.commit(asynchronous=False)
consumer.close()
print(json.dumps(checks))
