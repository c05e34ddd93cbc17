"""Queues by boto3, client and resource, as its users write it."""

import hashlib
import json
import os
import urllib.request

import boto3

ENDPOINT = os.environ["SQS_ENDPOINT"]
client = boto3.client("sqs", endpoint_url=ENDPOINT)
resource = boto3.resource("sqs", endpoint_url=ENDPOINT)
cases = []


def case(run):
    cases.append(run)
    return run


def emit(n, kind="jobs", subject=None):
    body = {"name": "platformxe.generic", "payload": {"kind": kind, "data": {"n": n}}}
    if subject is not None:
        body["subject"] = subject
    request = urllib.request.Request(
        os.environ["CLARION_BASE"] + "/api/v1/events/custom/emit",
        json.dumps(body).encode(),
        {"x-api-key": os.environ["CLARION_KEY"], "content-type": "application/json"},
    )
    urllib.request.urlopen(request).read()


def number(body):
    return json.loads(body)["data"]["data"]["n"]


def url(name="jobs"):
    return client.get_queue_url(QueueName=name)["QueueUrl"]


def receive(name="jobs", **order):
    return client.receive_message(QueueUrl=url(name), WaitTimeSeconds=20, **order).get("Messages", [])


@case
def the_queue_url_is_found_by_name():
    assert url().endswith("/jobs"), url()


@case
def queues_are_listed_page_by_page():
    pages = client.get_paginator("list_queues").paginate(PaginationConfig={"PageSize": 1})
    urls = [each for page in pages for each in page.get("QueueUrls", [])]
    assert len(urls) == 3, urls


@case
def an_unknown_queue_is_its_own_exception():
    try:
        client.get_queue_url(QueueName="none")
    except client.exceptions.QueueDoesNotExist as error:
        assert error.response["Error"]["Code"] == "AWS.SimpleQueueService.NonExistentQueue", error.response
    else:
        raise AssertionError("it was found")


@case
def a_message_is_received_with_checksums_and_deleted():
    emit(1)
    (message,) = receive(MessageAttributeNames=["All"])
    assert hashlib.md5(message["Body"].encode()).hexdigest() == message["MD5OfBody"]
    assert message["MessageAttributes"]["type"] == {"StringValue": "platformxe.generic", "DataType": "String"}
    client.delete_message(QueueUrl=url(), ReceiptHandle=message["ReceiptHandle"])
    assert "Messages" not in client.receive_message(QueueUrl=url())


@case
def a_batch_is_deleted_and_failures_are_named():
    emit(2)
    (message,) = receive()
    answer = client.delete_message_batch(
        QueueUrl=url(),
        Entries=[
            {"Id": "good", "ReceiptHandle": message["ReceiptHandle"]},
            {"Id": "bad", "ReceiptHandle": "garbage"},
        ],
    )
    assert [each["Id"] for each in answer["Successful"]] == ["good"], answer
    assert [each["Code"] for each in answer["Failed"]] == ["ReceiptHandleIsInvalid"], answer


@case
def a_batch_without_failures_has_no_failed():
    emit(3)
    (message,) = receive()
    entries = [{"Id": "one", "ReceiptHandle": message["ReceiptHandle"]}]
    assert "Failed" not in client.delete_message_batch(QueueUrl=url(), Entries=entries)


@case
def visibility_is_changed():
    emit(4)
    (message,) = receive(AttributeNames=["ApproximateReceiveCount"])
    client.change_message_visibility(
        QueueUrl=url(), ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0
    )
    (again,) = receive(AttributeNames=["ApproximateReceiveCount"])
    assert again["Attributes"]["ApproximateReceiveCount"] == "2", again
    client.delete_message(QueueUrl=url(), ReceiptHandle=again["ReceiptHandle"])


@case
def a_forged_receipt_is_its_own_exception():
    try:
        client.delete_message(QueueUrl=url(), ReceiptHandle="garbage")
    except client.exceptions.ReceiptHandleIsInvalid:
        return
    raise AssertionError("it was taken")


@case
def attributes_are_those_of_a_queue():
    attributes = client.get_queue_attributes(QueueUrl=url(), AttributeNames=["All"])["Attributes"]
    assert attributes["VisibilityTimeout"] == "30", attributes
    assert json.loads(attributes["RedrivePolicy"])["maxReceiveCount"] == 2, attributes


@case
def dead_letters_are_moved_back():
    emit(5)
    for _ in range(2):
        (message,) = receive(VisibilityTimeout=0)
    assert "Messages" not in client.receive_message(QueueUrl=url())
    dead = client.get_queue_attributes(QueueUrl=url("dead"), AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    client.start_message_move_task(SourceArn=dead)
    (task,) = client.list_message_move_tasks(SourceArn=dead)["Results"]
    assert task["Status"] == "COMPLETED" and task["ApproximateNumberOfMessagesMoved"] == 1, task
    (message,) = receive()
    assert number(message["Body"]) == 5, message
    client.delete_message(QueueUrl=url(), ReceiptHandle=message["ReceiptHandle"])


@case
def a_fifo_queue_keeps_the_order_of_a_group():
    for n in range(3):
        emit(n, kind="fifo", subject="a")
    messages = receive("jobs.fifo", MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"])
    assert [number(each["Body"]) for each in messages] == [0, 1, 2], messages
    assert {each["Attributes"]["MessageGroupId"] for each in messages} == {"a"}, messages


@case
def the_resource_receives_and_deletes():
    queue = resource.get_queue_by_name(QueueName="jobs")
    emit(6)
    (message,) = queue.receive_messages(WaitTimeSeconds=20, MessageAttributeNames=["environment"])
    assert number(message.body) == 6 and message.message_attributes["environment"]["StringValue"] == "live"
    message.change_visibility(VisibilityTimeout=60)
    message.delete()


@case
def the_resource_has_attributes_and_sources():
    queue = resource.get_queue_by_name(QueueName="dead")
    assert queue.attributes["ApproximateNumberOfMessages"] == "0", queue.attributes
    assert {each.url.split("/")[-1] for each in queue.dead_letter_source_queues.all()} == {"jobs", "jobs.fifo"}


@case
def sending_is_refused_with_the_call_that_is_there_instead():
    try:
        client.send_message(QueueUrl=url(), MessageBody="x")
    except client.exceptions.UnsupportedOperation as error:
        assert "/api/v1/events/custom/emit" in str(error), error
    else:
        raise AssertionError("it was sent")


for run in cases:
    name = f"boto3: {run.__name__.replace('_', ' ')}"
    try:
        run()
        print(f"ok     {name}")
    except Exception as error:
        print(f"FAILED {name}: {type(error).__name__} {error}")
