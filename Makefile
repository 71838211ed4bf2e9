# Shortcuts; start.sh and test.sh do the work.
.PHONY: start test bench screenshots

start:
	./start.sh

test:
	./test.sh

# Tables of medians; nothing is asserted.
bench:
	PYTHONPATH=.:tests .venv/bin/python tests/benchmarks/run.py

# The pictures of the README and of every page, light, dark and on a phone.
screenshots:
	PYTHONPATH=.:tests .venv/bin/python -m browser.screenshots
