// An application in Go on franz-go: produces in every codec and in transactions, reads its own log, is refused a neighbour's topic.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

type settings struct {
	BootstrapServers      string   `json:"bootstrapServers"`
	Username              string   `json:"username"`
	Password              string   `json:"password"`
	Emits                 string   `json:"emits"`
	Events                string   `json:"events"`
	Foreign               string   `json:"foreign"`
	GroupPrefix           string   `json:"groupPrefix"`
	TransactionalIDPrefix string   `json:"transactionalIdPrefix"`
	Codecs                []string `json:"codecs"`
	Count                 int      `json:"count"`
}

type result struct {
	What   string `json:"what"`
	Passed bool   `json:"passed"`
}

var codecs = map[string]kgo.CompressionCodec{
	"none":   kgo.NoCompression(),
	"gzip":   kgo.GzipCompression(),
	"snappy": kgo.SnappyCompression(),
	"lz4":    kgo.Lz4Compression(),
	"zstd":   kgo.ZstdCompression(),
}

func main() {
	text, err := os.ReadFile(os.Args[1])
	fatal(err)
	var with settings
	fatal(json.Unmarshal(text, &with))
	results := []result{}
	check := func(what string, passed bool) { results = append(results, result{what, passed}) }
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Second)
	defer cancel()

	open := func(more ...kgo.Opt) *kgo.Client {
		login := scram.Auth{User: with.Username, Pass: with.Password}.AsSha512Mechanism()
		client, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(strings.Split(with.BootstrapServers, ",")...), kgo.SASL(login)}, more...)...)
		fatal(err)
		return client
	}
	record := func(topic, kind string, n int) *kgo.Record {
		value := fmt.Sprintf(`{"kind":%q,"data":{"n":%d}}`, kind, n)
		headers := []kgo.RecordHeader{{Key: "name", Value: []byte("platformxe.generic")}}
		return &kgo.Record{Topic: topic, Key: []byte(fmt.Sprintf("s%d", n%3)), Value: []byte(value), Headers: headers}
	}

	expected := []string{}
	for _, codec := range with.Codecs {
		client := open(kgo.ProducerBatchCompression(codecs[codec]), kgo.ProducerLinger(50*time.Millisecond))
		records := []*kgo.Record{}
		for n := 0; n < with.Count; n++ {
			records = append(records, record(with.Emits, codec, n))
			expected = append(expected, codec)
		}
		check("produces with "+codec, client.ProduceSync(ctx, records...).FirstErr() == nil)
		client.Close()
	}

	transactional := open(kgo.TransactionalID(with.TransactionalIDPrefix + "go"))
	for _, kind := range []string{"aborted", "committed"} {
		fatal(transactional.BeginTransaction())
		for n := 0; n < 3; n++ {
			fatal(transactional.ProduceSync(ctx, record(with.Emits, kind, n)).FirstErr())
		}
		fatal(transactional.EndTransaction(ctx, kgo.TransactionEndTry(kind == "committed")))
	}
	transactional.Close()
	expected = append(expected, "committed", "committed", "committed")

	intruder := open(kgo.RecordDeliveryTimeout(5*time.Second), kgo.UnknownTopicRetries(1))
	check("is refused a neighbour's topic", intruder.ProduceSync(ctx, record(with.Foreign, "no", 0)).FirstErr() != nil)
	intruder.Close()

	consumer := open(
		kgo.ConsumerGroup(with.GroupPrefix+"go"),
		kgo.ConsumeTopics(with.Events),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.DisableAutoCommit(),
	)
	read := []*kgo.Record{}
	deadline, stop := context.WithTimeout(ctx, 40*time.Second)
	for len(read) < len(expected) && deadline.Err() == nil {
		consumer.PollFetches(deadline).EachRecord(func(each *kgo.Record) { read = append(read, each) })
	}
	stop()
	kinds := []string{}
	sequences := map[int]bool{}
	named := len(read) > 0
	for _, each := range read {
		var event struct{ Kind string }
		fatal(json.Unmarshal(each.Value, &event))
		kinds = append(kinds, event.Kind)
		headers := map[string]string{}
		for _, header := range each.Headers {
			headers[header.Key] = string(header.Value)
		}
		for _, name := range []string{"canonical-name", "event-id", "sequence", "depth", "environment", "schema-version", "ce_type"} {
			named = named && headers[name] != ""
		}
		sequence, _ := strconv.Atoi(headers["sequence"])
		sequences[sequence] = sequence >= 1 && sequence <= len(expected)
	}
	sort.Strings(kinds)
	sort.Strings(expected)
	check("reads back what was accepted, nothing of an aborted transaction", strings.Join(kinds, " ") == strings.Join(expected, " "))
	check("is told by headers what routing needs", named)
	check("finds the sequence without a gap", len(sequences) == len(expected))
	check("commits in its own group", consumer.CommitUncommittedOffsets(ctx) == nil)
	consumer.Close()
	fatal(json.NewEncoder(os.Stdout).Encode(results))
}

func fatal(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
