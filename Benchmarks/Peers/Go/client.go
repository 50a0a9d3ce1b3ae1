// SPDX-License-Identifier: Apache-2.0
package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/gorilla/websocket"
)

var mode, url, ca string
var size, count, connections = 128, 100000, 1000

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

func report(messages int, seconds, cpuSeconds float64) {
	fmt.Printf("{\"client\":\"gorilla\",\"mode\":%q,\"size\":%d,\"messages\":%d,\"seconds\":%f,\"cpu_seconds\":%f}\n",
		mode, size, messages, seconds, cpuSeconds)
}

func main() {
	mode, url = os.Args[1], os.Args[2]
	for i := 3; i+1 < len(os.Args); i += 2 {
		switch os.Args[i] {
		case "--ca":
			ca = os.Args[i+1]
		case "--size":
			size, _ = strconv.Atoi(os.Args[i+1])
		case "--count":
			count, _ = strconv.Atoi(os.Args[i+1])
		case "--connections":
			connections, _ = strconv.Atoi(os.Args[i+1])
		}
	}
	if mode != "receive" && mode != "send" && mode != "echo" && mode != "idle" {
		fmt.Println(`{"unsupported":true}`)
		return
	}
	dialer := websocket.Dialer{ReadBufferSize: 65536, WriteBufferSize: 65536,
		EnableCompression: strings.Contains(url, "deflate=1")}
	if ca != "" {
		pem, err := os.ReadFile(ca)
		check(err)
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM(pem)
		dialer.TLSClientConfig = &tls.Config{RootCAs: pool}
	}
	if mode == "idle" {
		dialer.ReadBufferSize, dialer.WriteBufferSize = 0, 0 // as they are, for a connection that needs little
		idle(dialer)
		return
	}
	socket, _, err := dialer.Dial(url, nil)
	check(err)
	switch mode {
	case "receive":
		receive(socket)
	case "echo":
		echo(socket)
	default:
		send(socket)
	}
}

func receive(socket *websocket.Conn) {
	messages := 0
	var begun time.Time
	var cpuBegun float64
	for {
		if _, _, err := socket.ReadMessage(); err != nil {
			break
		}
		if messages == 0 {
			begun, cpuBegun = time.Now(), cpu()
		}
		messages++
	}
	report(messages, time.Since(begun).Seconds(), cpu()-cpuBegun)
}

func echo(socket *websocket.Conn) {
	payload := make([]byte, 64)
	var times []float64
	for i := 0; i < count+1000; i++ {
		asked := time.Now()
		check(socket.WriteMessage(websocket.BinaryMessage, payload))
		_, _, err := socket.ReadMessage()
		check(err)
		if i >= 1000 {
			times = append(times, time.Since(asked).Seconds()*1e6)
		}
	}
	sort.Float64s(times)
	at := func(part float64) float64 { return times[int(float64(len(times))*part)] }
	fmt.Printf("{\"client\":\"gorilla\",\"mode\":\"echo\",\"size\":64,\"messages\":%d,\"p50\":%f,\"p99\":%f,\"p999\":%f}\n",
		len(times), at(0.5), at(0.99), at(0.999))
}

func send(socket *websocket.Conn) {
	payload := make([]byte, size)
	cpuBegun := cpu()
	for i := 0; i < count; i++ {
		check(socket.WriteMessage(websocket.BinaryMessage, payload))
	}
	check(socket.WriteMessage(websocket.TextMessage, []byte("end")))
	_, answer, err := socket.ReadMessage()
	check(err)
	seconds, _ := strconv.ParseFloat(strings.Fields(string(answer))[2], 64)
	report(count, seconds, cpu()-cpuBegun)
}

// Resident memory in KiB (Linux).
func resident() float64 {
	text, err := os.ReadFile("/proc/self/statm")
	check(err)
	pages, err := strconv.ParseFloat(strings.Fields(string(text))[1], 64)
	check(err)
	return pages * 4
}

// Opens connections that stay idle, a hundred at a time, each with a goroutine that reads, as every user of gorilla has it.
func openIdle(dialer websocket.Dialer, wanted int) {
	slots, opened := make(chan bool, 100), make(chan bool)
	for i := 0; i < wanted; i++ {
		go func() {
			slots <- true
			socket, _, err := dialer.Dial(url, nil)
			check(err)
			<-slots
			opened <- true
			socket.ReadMessage()
		}()
	}
	for i := 0; i < wanted; i++ {
		<-opened
	}
}

func idle(dialer websocket.Dialer) {
	openIdle(dialer, 10) // what the first ones alone need
	before, begun := resident(), time.Now()
	openIdle(dialer, connections)
	seconds := time.Since(begun).Seconds()
	time.Sleep(2 * time.Second)
	fmt.Printf("{\"client\":\"gorilla\",\"mode\":\"idle\",\"connections\":%d,\"seconds\":%f,\"kib_each\":%f}\n",
		connections, seconds, (resident()-before)/float64(connections))
}
