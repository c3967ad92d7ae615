# A thin front to Meson and Ninja.  `make demo` and `make test` do all the
# set-up on Debian 12; where they may not install packages they print the one
# line that does, and stop.
BUILD ?= build
BUILD_TEST ?= build-test

all: packages-build $(BUILD)/build.ninja
	@ninja -C $(BUILD)

$(BUILD)/build.ninja:
	@meson setup $(BUILD) >/dev/null

packages-build:
	@./packages build

demo: packages-demo all
	@lab/demo

test: packages-test
	@tests/run $(BUILD_TEST)

bench: packages-bench
	@bench/run

lint: packages-test
	@tests/lint

fuzz: packages-test
	@tests/fuzz/run

install: all
	@meson install -C $(BUILD)

clean:
	rm -rf $(BUILD) $(BUILD_TEST) build-*

packages-demo packages-test packages-bench:
	@./packages $(@:packages-%=%)

.PHONY: all demo test bench lint fuzz install clean packages-build \
	packages-demo packages-test packages-bench
