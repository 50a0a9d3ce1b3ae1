// SPDX-License-Identifier: Apache-2.0
package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"
)

const warmUp = 1000

var mode, url string
var size, count, connections = 1024, 10000, 64
var client *http.Client

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func cpu() float64 {
	var u syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return float64(u.Utime.Sec+u.Stime.Sec) + float64(u.Utime.Usec+u.Stime.Usec)/1e6
}

func get() {
	response, err := client.Get(url)
	check(err)
	body, err := io.ReadAll(response.Body)
	check(err)
	check(response.Body.Close())
	if response.StatusCode != 200 || len(body) != size {
		check(fmt.Errorf("another answer was expected"))
	}
}

func sequential(count int) {
	for i := 0; i < count; i++ {
		get()
	}
}

func parallel(count int) {
	var workers sync.WaitGroup
	for worker := 0; worker < connections; worker++ {
		workers.Add(1)
		go func(worker int) {
			defer workers.Done()
			for i := worker; i < count; i += connections {
				get()
			}
		}(worker)
	}
	workers.Wait()
}

func main() {
	mode, url = os.Args[1], os.Args[2]
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.Proxy = nil
	for i := 3; i+1 < len(os.Args); i += 2 {
		switch os.Args[i] {
		case "--ca":
			pem, err := os.ReadFile(os.Args[i+1])
			check(err)
			pool := x509.NewCertPool()
			pool.AppendCertsFromPEM(pem)
			transport.TLSClientConfig = &tls.Config{RootCAs: pool}
		case "--size":
			size, _ = strconv.Atoi(os.Args[i+1])
		case "--count":
			count, _ = strconv.Atoi(os.Args[i+1])
		case "--connections":
			connections, _ = strconv.Atoi(os.Args[i+1])
		}
	}
	// By default it keeps two connections to a host.
	transport.MaxIdleConnsPerHost, transport.MaxConnsPerHost = connections, connections
	client = &http.Client{Transport: transport}
	modes := map[string]func(int){"sequential": sequential, "parallel": parallel}
	run := modes[mode]
	if mode == "once" {
		sequential(1)
		return
	}
	if run == nil {
		fmt.Println(`{"unsupported":true}`)
		return
	}
	run(warmUp)
	begun, cpuBegun := time.Now(), cpu()
	run(count)
	fmt.Printf("{\"client\":\"net-http\",\"mode\":%q,\"size\":%d,\"messages\":%d,\"seconds\":%f,\"cpu_seconds\":%f}\n",
		mode, size, count, time.Since(begun).Seconds(), cpu()-cpuBegun)
}
