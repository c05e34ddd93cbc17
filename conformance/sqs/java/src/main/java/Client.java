import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sqs.model.BatchResultErrorEntry;
import software.amazon.awssdk.services.sqs.model.Message;
import software.amazon.awssdk.services.sqs.model.MessageSystemAttributeName;
import software.amazon.awssdk.services.sqs.model.QueueAttributeName;
import software.amazon.awssdk.services.sqs.model.QueueDoesNotExistException;
import software.amazon.awssdk.services.sqs.model.ReceiptHandleIsInvalidException;

/** Queues by the AWS SDK for Java, as its users write it. It verifies checksums itself. */
public final class Client {
  private interface Case {
    void run() throws Exception;
  }

  private static final SqsClient SQS =
      SqsClient.builder()
          .endpointOverride(URI.create(System.getenv("SQS_ENDPOINT")))
          .httpClient(UrlConnectionHttpClient.create())
          .build();

  public static void main(String[] words) {
    String url = SQS.getQueueUrl(request -> request.queueName("jobs")).queueUrl();
    run("a queue has its attributes", () -> {
      var attributes =
          SQS.getQueueAttributes(request -> request.queueUrl(url).attributeNames(QueueAttributeName.ALL)).attributes();
      check("30".equals(attributes.get(QueueAttributeName.VISIBILITY_TIMEOUT)), attributes);
    });
    run("an unknown queue is its own exception", () -> {
      try {
        SQS.getQueueUrl(request -> request.queueName("none"));
      } catch (QueueDoesNotExistException expected) {
        return;
      }
      check(false, "it was found");
    });
    run("a message is received with checksums, and deleted", () -> {
      emit(1);
      Message message = receive(url).get(0);
      check(message.body().contains("\"n\":1"), message);
      check("platformxe.generic".equals(message.messageAttributes().get("type").stringValue()), message);
      SQS.deleteMessage(request -> request.queueUrl(url).receiptHandle(message.receiptHandle()));
      check(SQS.receiveMessage(request -> request.queueUrl(url)).messages().isEmpty(), "it is still there");
    });
    run("visibility is changed, and the count grows", () -> {
      emit(2);
      String receipt = receive(url).get(0).receiptHandle();
      SQS.changeMessageVisibility(
          request -> request.queueUrl(url).receiptHandle(receipt).visibilityTimeout(0));
      Message again = receive(url).get(0);
      check("2".equals(again.attributes().get(MessageSystemAttributeName.APPROXIMATE_RECEIVE_COUNT)), again);
      SQS.deleteMessage(request -> request.queueUrl(url).receiptHandle(again.receiptHandle()));
    });
    run("a forged receipt is its own exception", () -> {
      try {
        SQS.deleteMessage(request -> request.queueUrl(url).receiptHandle("garbage"));
      } catch (ReceiptHandleIsInvalidException expected) {
        return;
      }
      check(false, "it was taken");
    });
    run("a batch names what has failed", () -> {
      List<BatchResultErrorEntry> failed =
          SQS.deleteMessageBatch(
                  request -> request.queueUrl(url).entries(entry -> entry.id("bad").receiptHandle("garbage")))
              .failed();
      check(failed.size() == 1 && failed.get(0).senderFault(), failed);
    });
    run("queues are listed page by page", () -> {
      long count =
          SQS.listQueuesPaginator(request -> request.maxResults(1)).queueUrls().stream().count();
      check(count == 3, count);
    });
  }

  private static List<Message> receive(String url) {
    return SQS.receiveMessage(
            request ->
                request
                    .queueUrl(url)
                    .waitTimeSeconds(20)
                    .messageAttributeNames("All")
                    .messageSystemAttributeNames(MessageSystemAttributeName.ALL))
        .messages();
  }

  private static void emit(int n) throws Exception {
    String body =
        "{\"name\":\"platformxe.generic\",\"payload\":{\"kind\":\"jobs\",\"data\":{\"n\":" + n + "}}}";
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(System.getenv("CLARION_BASE") + "/api/v1/events/custom/emit"))
            .header("x-api-key", System.getenv("CLARION_KEY"))
            .header("content-type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build();
    HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.discarding());
  }

  private static void check(boolean holds, Object seen) {
    if (!holds) throw new IllegalStateException(String.valueOf(seen));
  }

  private static void run(String name, Case body) {
    try {
      body.run();
      System.out.println("ok     Java: " + name);
    } catch (Exception error) {
      System.out.println("FAILED Java: " + name + ": " + error);
    }
  }
}
