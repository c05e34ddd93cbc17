/** `READERS` is the place of one reader for each case. */
export const GO_MAIN = `package main

import (
	"bufio"
	"encoding/json"
	"os"
	"strconv"
	"strings"

	"roundtrip/events"
)

func through[T any](data []byte) ([]byte, error) {
	var payload T
	if err := json.Unmarshal(data, &payload); err != nil {
		return nil, err
	}
	return json.Marshal(payload)
}

var readers = []func([]byte) ([]byte, error){
READERS}

func main() {
	from, err := os.ReadFile(os.Args[1])
	if err != nil {
		panic(err)
	}
	to, err := os.Create(os.Args[2])
	if err != nil {
		panic(err)
	}
	out := bufio.NewWriter(to)
	for _, line := range strings.Split(strings.TrimSuffix(string(from), "\\n"), "\\n") {
		number, payload, _ := strings.Cut(line, " ")
		index, err := strconv.Atoi(number)
		if err != nil {
			panic(err)
		}
		if written, err := readers[index]([]byte(payload)); err != nil {
			out.WriteString("!" + strings.ReplaceAll(err.Error(), "\\n", " ") + "\\n")
		} else {
			out.WriteString("=" + string(written) + "\\n")
		}
	}
	out.Flush()
	to.Close()
}
`
