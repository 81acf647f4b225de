// sink [-certificate FILE -key FILE] takes whatever is uploaded to it, forgets it, and answers as S3 answers an upload, in
// one piece or in parts. It prints the port that it listens on, and ends with its standard input.
package main

import (
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
)

const (
	begun    = `<InitiateMultipartUploadResult><UploadId>sink</UploadId></InitiateMultipartUploadResult>`
	complete = `<CompleteMultipartUploadResult><ETag>"sink"</ETag></CompleteMultipartUploadResult>`
)

var buffers = sync.Pool{New: func() any { return new([1 << 20]byte) }}

func main() {
	certificate := flag.String("certificate", "", "serve TLS with this certificate")
	key := flag.String("key", "", "its private key")
	flag.Parse()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fail(err)
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	handler := http.HandlerFunc(take)
	if *certificate == "" {
		fail(http.Serve(listener, handler))
	}
	fail(http.ServeTLS(listener, handler, *certificate, *key))
}

func take(answer http.ResponseWriter, request *http.Request) {
	received, err := swallow(request.Body)
	if err != nil {
		// The client broke off: there is nobody to answer.
		return
	}
	if request.Method != http.MethodPost {
		answer.Header().Set("ETag", fmt.Sprintf(`"%d"`, received))
		return
	}
	answer.Header().Set("Content-Type", "application/xml")
	text := complete
	if request.URL.Query().Has("uploads") {
		text = begun
	}
	_, _ = io.WriteString(answer, text)
}

func swallow(body io.Reader) (int64, error) {
	buffer := buffers.Get().(*[1 << 20]byte)
	defer buffers.Put(buffer)
	var received int64
	for {
		count, err := body.Read(buffer[:])
		received += int64(count)
		if err == io.EOF {
			return received, nil
		}
		if err != nil {
			return received, err
		}
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "sink:", err)
	os.Exit(1)
}
