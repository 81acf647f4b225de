// measure REPORT PROGRAM [ARGUMENT...] runs a program and writes what the kernel charged that child for into REPORT, as
// one JSON document. Small on purpose: before it becomes the program, a child counts with the memory of its parent.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

type report struct {
	ExitCode      int     `json:"exitCode"`
	UserSeconds   float64 `json:"userSeconds"`
	SystemSeconds float64 `json:"systemSeconds"`
	WallSeconds   float64 `json:"wallSeconds"`
	PeakRssBytes  int64   `json:"peakRssBytes"`
}

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "measure REPORT PROGRAM [ARGUMENT...]")
		os.Exit(2)
	}
	child := exec.Command(os.Args[2], os.Args[3:]...)
	child.Stdout, child.Stderr = os.Stdout, os.Stderr
	// Nobody is left to read the report of a child that outlives us. The signal comes when the thread ends that started it.
	runtime.LockOSThread()
	child.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	began := time.Now()
	err := child.Run()
	wall := time.Since(began)
	if child.ProcessState == nil {
		fmt.Fprintln(os.Stderr, "measure:", err)
		os.Exit(1)
	}
	usage, ok := child.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		fmt.Fprintln(os.Stderr, "measure: this system does not tell what a child used")
		os.Exit(1)
	}
	text, err := json.Marshal(report{
		ExitCode:      child.ProcessState.ExitCode(),
		UserSeconds:   child.ProcessState.UserTime().Seconds(),
		SystemSeconds: child.ProcessState.SystemTime().Seconds(),
		WallSeconds:   wall.Seconds(),
		// Linux counts in KiB.
		PeakRssBytes: usage.Maxrss * 1024,
	})
	if err == nil {
		err = os.WriteFile(os.Args[1], text, 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "measure:", err)
		os.Exit(1)
	}
}
