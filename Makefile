# A fresh machine with a Swift toolchain needs two commands: make demo and make test.

SWIFT_FILES = Package.swift Sources Tests Examples
UNIT_TESTS = ^(FreshetCoreTests|FreshetTransportTests|FreshetHTTPTests|FreshetTests|FreshetGraphQLTests)[.]
# What needs the machine for itself runs apart. The leak checker judges ChurnTests' own process as well.
ALONE = FreshetTransportTests[.](BackPressure|PendingOutput|[A-Za-z]+Fault)Tests|FreshetGraphQLTests[.](Proof|FaultProxyClient)Tests|InteropTests[.]ChurnTests

.PHONY: help demo examples test build lint format conformance bench prove simulate soak sanitize fuzz clean

help:
	@echo "make demo      build the release program and show it at work"
	@echo "make examples  the examples against their servers, checked line by line"
	@echo "make test      check the format, build, run every test (ARGS='--filter Name' is handed to swift test)"
	@echo "make build     the release program: .build/release/freshet"
	@echo "make conformance  the Autobahn test suite against our client (CASES='6 12.1' for some)"
	@echo "make bench     our client and its peers in one run (ARGS='--quick --rows receive')"
	@echo "make simulate  the engine on a virtual network (SEEDS=10000 FROM=1 ARGS='--mutation all' ARGS=--trace)"
	@echo "make soak      every fault against every local server (FOR=5m SEED=42 ARGS='--clients 200 --report out')"
	@echo "make prove     a claim, tried for longer than a test may (NAME=cuts|restarts|slow|tokens ARGS='--seed 7')"
	@echo "make lint      check the format; make format sets it right"
	@echo "make sanitize  the unit tests under ThreadSanitizer, then under AddressSanitizer"
	@echo "make fuzz      the fuzz targets, 60 s each (SECONDS=20 TARGETS='frames upgrade')"
	@echo "make clean     remove everything that was built"

demo: build
	scripts/demo.sh .build/release/freshet

examples:
	scripts/install-dependencies.sh --tests
	scripts/python-env.sh .build-python
	swift build -c release --scratch-path .build --product AppBackend
	swift build -c release --scratch-path .build --product DocumentSource
	swift build -c release --scratch-path .build --product FirestoreUsers
	swift build -c release --scratch-path .build --product freshet
	scripts/examples.sh .build/release

test:
	scripts/test.sh $(ARGS)

build:
	scripts/install-dependencies.sh
	swift build -c release --scratch-path .build --product freshet

conformance:
	scripts/conformance.sh $(CASES)

bench:
	scripts/bench.sh $(ARGS)

# The seeds of a run, and the first of them.
SEEDS ?= 10000
FROM ?= 1

simulate:
	scripts/install-dependencies.sh
	swift build -c release --scratch-path .build --product Simulate
	.build/release/Simulate $(SEEDS) --from $(FROM) $(ARGS)

FOR ?= 5m
SEED ?= 42

soak:
	scripts/install-dependencies.sh --tests
	swift build -c release --scratch-path .build --product freshet
	.build/release/freshet soak --local graphql,etcd,nats --faults all --clients 40 --for $(FOR) --seed $(SEED) \
	    --require lost==0 --require duplicates==0 --require away==0 $(ARGS)

prove:
	scripts/install-dependencies.sh
	swift build -c release --scratch-path .build --product Proofs
	.build/release/Proofs $(NAME) $(ARGS)

lint:
	swift format lint --strict --parallel --recursive $(SWIFT_FILES)
	@echo "No source imports the whole of Foundation, which would bring 40 MB of ICU on Linux:"
	! grep -rnE '^(@.* )?import Foundation$$' Sources

format:
	swift format format --in-place --parallel --recursive $(SWIFT_FILES)

# Without --disable-xctest the leak checker reports XCTest's own harness.
sanitize:
	scripts/install-dependencies.sh --tests
	swift test --disable-xctest --sanitize=thread --scratch-path .build-tsan --filter '$(UNIT_TESTS)' --skip '$(ALONE)'
	swift test --disable-xctest --sanitize=thread --scratch-path .build-tsan --no-parallel --filter '$(ALONE)'
	swift test --disable-xctest --sanitize=address --scratch-path .build-asan --filter '$(UNIT_TESTS)' --skip '$(ALONE)'
	swift test --disable-xctest --sanitize=address --scratch-path .build-asan --no-parallel --filter '$(ALONE)'

fuzz:
	scripts/fuzz.sh $(SECONDS) $(TARGETS)

clean:
	rm -rf .build .build-* Benchmarks/.build-*
