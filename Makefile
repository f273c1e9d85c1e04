# Every target says what it does; `make help` lists them.
# The machine's own Node may be older than the project needs: npm installs Node 24 as a package, and
# every program of the project is started with it.
SHELL := /bin/bash
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)

.DEFAULT_GOAL := help
.PHONY: bench-model bench-operator bench-overload bench-serving bench-train bench-transport chaos fuzz-api fuzz-hostile help setup check generate test test-unit test-integration test-e2e demo down cluster images

help: ## list the targets
	@awk -F':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: node_modules/.setup ## prepare this machine: packages, the decoder of JPEGs, TensorFlow for the trainer, backbone weights
	@npm run -s setup:jpeg
	@npm run -s setup:tensorflow
	@npm run -s setup:backbone

# `npm ci` wipes node_modules, so it runs only when the lockfile or a manifest changed.
node_modules/.setup: package-lock.json package.json $(wildcard */package.json */contract/package.json)
	@echo "installing npm packages"
	@npm ci --no-audit --no-fund --loglevel=error
	@touch $@

check: node_modules/.setup ## types, lint and format, generated files
	@npm run -s check

generate: node_modules/.setup ## write the files that are generated from crds/
	@npm run -s generate

test: setup ## everything: check, unit, integration, end to end on the local cluster
	@node hack/test/main.ts check unit integration e2e

test-unit: setup ## unit tests: no services
	@node hack/test/main.ts unit

test-integration: setup ## against a real apiserver, S3 server, PostgreSQL and MLflow, started by the tests
	@node hack/test/main.ts integration

test-e2e: setup ## end to end on a real cluster
	@node hack/test/main.ts e2e

demo: setup ## the whole way: cluster, images, operator, a ModelRelease that trains and serves
	@npm run -s demo

down: node_modules/.setup ## remove the local cluster and everything it put on this machine
	@npm run -s cluster -- down

cluster: node_modules/.setup ## start the cluster (CLUSTER=local|kind|current)
	@npm run -s cluster -- up

bench-operator: node_modules/.setup ## the operator under load, beside its targets (ARGS='--help' lists the options)
	@node hack/bench-operator/main.ts $(ARGS)

bench-train: setup ## what training costs: a step beside Keras, the wait for its input, memory at any size (ARGS='--help')
	@node hack/bench-train/main.ts $(ARGS)

bench-overload: setup ## the service with more than it can do, and without what it can do without (ARGS='--help')
	@node hack/bench-overload/main.ts $(ARGS)

bench-serving: setup ## what an answer costs over HTTP, beside FastAPI, BentoML, LitServe and mosec (ARGS='--help')
	@node hack/bench-serving/main.ts $(ARGS)

bench-transport: node_modules/.setup ## requests per CPU second of the operator's transport, beside client-node's and HTTP/2 (ARGS='--help')
	@node hack/bench-transport/main.ts $(ARGS)

bench-model: setup ## the model's accuracy beside strong baselines, on three data sets (ARGS='--help' lists the options)
	@node hack/bench-model/main.ts $(ARGS)

fuzz-api: setup ## the HTTP API, asked at random by its own OpenAPI document (ARGS='--help')
	@node hack/fuzz-api/main.ts $(ARGS)

fuzz-hostile: setup ## hostile pictures and forms by the thousand: memory stays bounded (ARGS='--help')
	@node hack/fuzz-api/hostile.ts $(ARGS)

images: node_modules/.setup ## build the images and push them where the cluster finds them
	@npm run -s images -- build

chaos: setup ## a ModelRelease's life under every fault, judged by oracles (ARGS='--help' lists the options)
	@node hack/chaos/main.ts $(ARGS)
