// rpc-load URL KIND CALLS CONNECTIONS [BODY] sends BODY (base64) CALLS times, each caller its next call when the last was
// answered, and prints how long they took, as one JSON document. KIND is "unary" (HTTP/1.1, Connect), "grpc" (cleartext
// HTTP/2) or "stream" (one Connect stream after the other, read to its end). Any answer but 200 ends it.
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

type report struct {
	Calls       int     `json:"calls"`
	Bytes       int64   `json:"bytes"`
	WallSeconds float64 `json:"wallSeconds"`
	P50Ms       float64 `json:"p50Ms"`
	P99Ms       float64 `json:"p99Ms"`
}

// Over HTTP/2 several callers share a connection, as a client's would.
const callersPerConnection = 8

var contentTypes = map[string]string{
	"unary":  "application/proto",
	"grpc":   "application/grpc+proto",
	"stream": "application/connect+proto",
}

func main() {
	if len(os.Args) < 5 {
		fail("rpc-load URL KIND CALLS CONNECTIONS [BODY]")
	}
	url, kind := os.Args[1], os.Args[2]
	calls, callers := number(os.Args[3]), number(os.Args[4])
	var body []byte
	if len(os.Args) > 5 {
		decoded, err := base64.StdEncoding.DecodeString(os.Args[5])
		check(err)
		body = decoded
	}
	var left, read atomic.Int64
	left.Store(int64(calls))
	times := make([][]time.Duration, callers)
	var all sync.WaitGroup
	var client *http.Client
	began := time.Now()
	for caller := range callers {
		if kind != "grpc" || caller%callersPerConnection == 0 {
			client = newClient(kind)
		}
		all.Add(1)
		go func(client *http.Client) {
			defer all.Done()
			for left.Add(-1) >= 0 {
				start := time.Now()
				read.Add(call(client, url, kind, body))
				times[caller] = append(times[caller], time.Since(start))
			}
		}(client)
	}
	all.Wait()
	wall := time.Since(began)
	sorted := slices.Concat(times...)
	slices.Sort(sorted)
	at := func(share float64) float64 {
		return float64(sorted[int(share*float64(len(sorted)-1))].Microseconds()) / 1000
	}
	check(json.NewEncoder(os.Stdout).Encode(report{len(sorted), read.Load(), wall.Seconds(), at(0.5), at(0.99)}))
}

func newClient(kind string) *http.Client {
	protocols := new(http.Protocols)
	if kind == "grpc" {
		protocols.SetUnencryptedHTTP2(true)
	} else {
		protocols.SetHTTP1(true)
	}
	return &http.Client{Transport: &http.Transport{Protocols: protocols, DisableCompression: true}}
}

func call(client *http.Client, url, kind string, body []byte) int64 {
	request, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(body))
	check(err)
	request.Header.Set("Content-Type", contentTypes[kind])
	if kind == "grpc" {
		request.Header.Set("Te", "trailers")
	} else {
		request.Header.Set("Connect-Protocol-Version", "1")
	}
	response, err := client.Do(request)
	check(err)
	bytes, err := io.Copy(io.Discard, response.Body)
	check(err)
	check(response.Body.Close())
	if response.StatusCode != http.StatusOK {
		fail(response.Status)
	}
	if status := response.Trailer.Get("Grpc-Status"); kind == "grpc" && status != "" && status != "0" {
		fail("grpc-status " + status)
	}
	return bytes
}

func number(text string) int {
	value, err := strconv.Atoi(text)
	check(err)
	return value
}

func check(err error) {
	if err != nil {
		fail(err.Error())
	}
}

func fail(why string) {
	fmt.Fprintln(os.Stderr, "rpc-load:", why)
	os.Exit(1)
}
