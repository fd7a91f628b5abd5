# The two commands a newcomer needs: `make demo` and `make test`. `make help` lists the rest.

PYTHON ?= $(shell scripts/find-python)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help demo test coverage lint lint-ansible format bench bench-window bench-detectors bench-tracking soak bench-edge bench-gpu attack docs clean lab test-container release-image lab-monitoring lab-trixie lab-armv6 lab-unit lab-newcomer virtual-pi dashboards pictures deb apt-repo test-image test-fleet

help:  ## show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(READY)  ## run the main job on real faces (DEMO_SECONDS=20 ends by itself)
	@$(BIN)/python -m demo.main_job

test: $(READY)  ## pass the tests, without the labs (under 10 minutes on two cores)
	@$(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

coverage: $(READY)  ## branch coverage of what `make test` passes
	@$(BIN)/coverage erase
	@$(BIN)/coverage run -m pytest -n auto --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report

lint: $(READY)  ## ruff and mypy --strict over everything
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy

lint-ansible: $(VENV)/.labs  ## ansible-lint (profile production) and yamllint over the collection
	@cd ansible && ../$(BIN)/yamllint --strict . && PATH="$(CURDIR)/$(BIN):$$PATH" ../$(BIN)/ansible-lint \
		playbooks/*.yml meta galaxy.yml $$(ls -d roles/*/* | grep -v /files)  # those lead out of the collection

format: $(READY)  ## put the code into its standard form
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix-only .

bench: $(READY)  ## measure speed against references in the same run (under 10 minutes)
	@$(BIN)/python -m benchmarks.throughput
	@$(BIN)/python -m benchmarks.overload
	@$(BIN)/python -m benchmarks.objects
	@$(BIN)/python -m benchmarks.idle
	@$(BIN)/python -m benchmarks.startup
	@$(BIN)/python -m benchmarks.scaling
	@$(BIN)/python -m benchmarks.precision_errors
	@$(BIN)/python -m benchmarks.feed

bench-window: $(READY)  ## what the credit window costs and gains, also over a slow link (root, 3 minutes)
	@$(BIN)/python -m benchmarks.window

bench-detectors: $(READY)  ## what HOG and YuNet find, on what they err, how long they take (2 minutes)
	@$(BIN)/python -m benchmarks.detectors $(if $(FACES),--faces $(FACES)) $(if $(THINGS),--things $(THINGS))

bench-tracking: $(READY)  ## what tracking faces costs and misses, next to full scans (5 minutes)
	@$(BIN)/python -m benchmarks.tracking

soak: $(READY)  ## five minutes of overload, by 8 and by 32 clients: does anything grow?
	@$(BIN)/python -m benchmarks.overload --soak 300

attack: $(READY)  ## attack a real server on loopback while two victims stream through it (10 minutes)
	@$(BIN)/python -m benchmarks.attack

bench-gpu: $(READY)  ## tests and tables of networks, engine and server on a CUDA device (8 minutes)
	@$(BIN)/pytest -p no:xdist -m gpu tests/server/networks tests/server/observability/test_gpu.py
	@$(BIN)/python -m benchmarks.gpu

bench-edge: $(READY)  ## the edge's work per frame in instructions of an emulated ARM1176
	@$(BIN)/python -m benchmarks.edge_cost
	@$(BIN)/python -m benchmarks.edge_pairing

test-container: $(VENV)/.labs  ## build the image and run containers of it (installs podman; 5 to 8 minutes)
	@LAB=container $(BIN)/pytest -s --timeout=1800 tests/container

release-image: $(READY)  ## build, push, sign and attest the image: IMAGE=REGISTRY/NAME KEY=cosign.key (docs/release.md)
	@$(BIN)/python -m scripts.release_image "$(IMAGE)" --key "$(KEY)" $(RELEASE_ARGS)

deb:  ## build the edge's Debian package into dist/
	@$(PYTHON) -m scripts.debian_package

apt-repo: deb  ## add it to a signed repository for apt in dist/apt: KEY=FINGERPRINT (docs/edge.md)
	@$(PYTHON) -m scripts.apt_repository --key "$(KEY)" $(APT_REPO_ARGS) dist/iot-facerecognition-edge_*_all.deb

test-image: $(VENV)/.labs  ## the device's package, image and first boot on real systems (root)
	@LAB=image $(BIN)/pytest -s --timeout=1800 $(PYTEST_ARGS) tests/image

test-fleet: $(VENV)/.labs  ## a server and edges on real hosts: Ansible, updates, power cuts (root; FLEET=short)
	@LAB=fleet FLEET="$(FLEET)" $(BIN)/pytest -s --timeout=1800 $(PYTEST_ARGS) tests/fleet

lab-monitoring: $(VENV)/.labs  ## rules, alerts and dashboards against a real Prometheus under load
	@LAB=monitoring $(BIN)/pytest -s --timeout=900 tests/monitoring

lab-trixie: $(READY)  ## the edge's tests in a Debian trixie root with the device's own versions
	@tests/labs/trixie.sh

lab-armv6: $(READY)  ## the headless edge on an emulated ARM1176, against the real server
	@LAB=armv6 $(BIN)/pytest -s --timeout=900 tests/labs

lab-unit: $(READY)  ## the edge's unit under a real systemd, with its sandbox and watchdog
	@LAB=unit $(BIN)/pytest -s --timeout=600 tests/labs

virtual-pi: $(READY)  ## boot a whole emulated Raspberry Pi Zero, from its card to a named face (docs/virtual-pi.md)
	@LAB=virtual-pi $(BIN)/pytest -s --timeout=2400 tests/labs

.PHONY: hil
hil: $(VENV)/.labs  ## hardware in the loop: a real board, or the virtual one (docs/hil.md; HIL_ARGS=--help)
	@LAB=hil $(BIN)/pytest -s --timeout=7200 -o junit_family=xunit1 --junitxml=build/hil/junit.xml $(HIL_ARGS) tests/hil

lab-newcomer:  ## both commands as a newcomer to a minimal Debian meets them (20 minutes)
	@tests/labs/newcomer.sh

lab: test-container test-image test-fleet lab-monitoring lab-trixie lab-armv6 lab-unit virtual-pi lab-newcomer  ## every lab, one after the other

dashboards: $(VENV)/.labs  ## write the Grafana dashboards again
	@$(BIN)/python -m monitoring.dashboards

pictures: $(VENV)/.labs  ## draw the dashboards from live data with 1 and 50 edges (a quarter of an hour)
	@$(BIN)/python -m monitoring.pictures

docs: $(READY)  ## write the pages that are made from the code
	@$(BIN)/python -m iot_facerecognition_server.config.reference > docs/configuration.md
	@$(BIN)/python -m iot_facerecognition_server.config.reference ini > config.ini
	@$(BIN)/python -m iot_facerecognition_server.observability.reference > docs/metrics.md

clean:  ## remove the virtual environment and caches of the tools
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/.labs: $(READY) pyproject.toml
	@scripts/setup "$(PYTHON)" $(VENV) labs

$(READY): pyproject.toml constraints.txt scripts/setup
	@scripts/setup "$(PYTHON)" $(VENV)
