// SPDX-License-Identifier: Apache-2.0
// etcd's own client, and the loader of Benchmarks/documents.py: client MODE URL [--count N] [--from REVISION]
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"sort"
	"strings"
	"sync"
	"syscall"
	"time"

	"go.etcd.io/etcd/clientv3"
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func cpu() float64 {
	var usage syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return float64(usage.Utime.Sec+usage.Stime.Sec) + float64(usage.Utime.Usec+usage.Stime.Usec)/1e6
}

// load writes count values of 200 bytes, one revision each, to 10,000 keys, and prints the first revision.
func load(client *clientv3.Client, count int) {
	reply, err := client.Get(context.Background(), "none")
	check(err)
	first := reply.Header.Revision + 1
	value := strings.Repeat("x", 200)
	var group sync.WaitGroup
	numbers := make(chan int, 1024)
	for worker := 0; worker < 128; worker++ {
		group.Add(1)
		go func() {
			defer group.Done()
			for number := range numbers {
				_, err := client.Put(context.Background(), fmt.Sprintf("bench/%d", number%10000), value)
				check(err)
			}
		}()
	}
	for number := 0; number < count; number++ {
		numbers <- number
	}
	close(numbers)
	group.Wait()
	fmt.Printf("{\"client\":\"clientv3\",\"mode\":\"etcd-load\",\"revision\":%d}\n", first)
}

func catchUp(client *clientv3.Client, count int, from int64) {
	begun, cpuBegun, seen := time.Now(), cpu(), 0
	for reply := range client.Watch(context.Background(), "bench/", clientv3.WithPrefix(), clientv3.WithRev(from), clientv3.WithPrevKV()) {
		check(reply.Err())
		seen += len(reply.Events)
		if seen >= count {
			break
		}
	}
	fmt.Printf("{\"client\":\"clientv3\",\"mode\":\"etcd-catch-up\",\"messages\":%d,\"seconds\":%f,\"cpu_seconds\":%f}\n",
		seen, time.Since(begun).Seconds(), cpu()-cpuBegun)
}

func latency(client *clientv3.Client, count int) {
	var lock sync.Mutex
	came := map[int64]time.Time{}
	done := make(chan bool)
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		for reply := range client.Watch(ctx, "latency/", clientv3.WithPrefix()) {
			now := time.Now()
			lock.Lock()
			for _, event := range reply.Events {
				came[event.Kv.ModRevision] = now
			}
			if len(came) >= count {
				lock.Unlock()
				close(done)
				return
			}
			lock.Unlock()
		}
	}()
	time.Sleep(time.Second) // until the watch is there; what came before is not counted
	answered, started := map[int64]time.Time{}, map[int64]time.Time{}
	for number := 0; number < count+50; number++ {
		begun := time.Now()
		reply, err := client.Put(context.Background(), "latency/key", fmt.Sprintf("value %d", number))
		check(err)
		answered[reply.Header.Revision], started[reply.Header.Revision] = time.Now(), begun
	}
	<-done
	cancel()
	lock.Lock()
	since := func(times map[int64]time.Time) (float64, float64) {
		var all []float64
		for revision, begun := range times {
			if arrival, ok := came[revision]; ok {
				all = append(all, float64(arrival.Sub(begun).Nanoseconds())/1e3)
			}
		}
		sort.Float64s(all)
		return all[len(all)/2], all[len(all)*99/100]
	}
	p50, p99 := since(started)
	after50, after99 := since(answered)
	fmt.Printf("{\"client\":\"clientv3\",\"mode\":\"etcd-latency\",\"messages\":%d,\"p50\":%f,\"p99\":%f,"+
		"\"after_p50\":%f,\"after_p99\":%f}\n", count, p50, p99, after50, after99)
}

func main() {
	flags := flag.NewFlagSet("client", flag.ExitOnError)
	count := flags.Int("count", 1000, "")
	from := flags.Int64("from", 1, "")
	check(flags.Parse(os.Args[3:]))
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{os.Args[2]}, MaxCallRecvMsgSize: 1 << 28})
	check(err)
	switch os.Args[1] {
	case "etcd-load":
		load(client, *count)
	case "etcd-catch-up":
		catchUp(client, *count, *from)
	case "etcd-latency":
		latency(client, *count)
	}
}
