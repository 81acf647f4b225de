// rpc-fixed BODY answers every request with BODY (base64): the least that an HTTP server of Go's standard library does. It
// prints its port; then, for each line that it is given, the processor seconds and the peak of memory that it used.
package main

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"syscall"
	"time"
)

func main() {
	if len(os.Args) != 2 {
		fail("rpc-fixed BODY")
	}
	body, err := base64.StdEncoding.DecodeString(os.Args[1])
	check(err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	length := strconv.Itoa(len(body))
	go func() {
		check(http.Serve(listener, http.HandlerFunc(func(answer http.ResponseWriter, request *http.Request) {
			_, _ = io.Copy(io.Discard, request.Body)
			answer.Header().Set("Content-Type", "application/proto")
			answer.Header().Set("Content-Length", length)
			_, _ = answer.Write(body)
		})))
	}()
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		var usage syscall.Rusage
		check(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
		spent := time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
		fmt.Println(spent.Seconds(), usage.Maxrss*1024)
	}
}

func check(err error) {
	if err != nil {
		fail(err.Error())
	}
}

func fail(why string) {
	fmt.Fprintln(os.Stderr, "rpc-fixed:", why)
	os.Exit(1)
}
