/*
 * fuzz_main.c - main() of a fuzzer where there is no libFuzzer.
 *
 *	fuzz_NAME [-t SECONDS] [-s SEED] FILE|FOLDER...
 *
 * Gives each file to the fuzzer, then for that many seconds changed ones. This
 * happens in a child; the input lies in memory shared with it, so that however
 * it dies, crash-NAME is written, which can be given as a FILE. Other fuzzers
 * (AFL++: afl-fuzz -i test/corpus/http -o out -- test/bin/fuzz_http @@) run it
 * as it is. Exit status: 0, 1 something was found, 2 trouble.
 */
#include <sys/mman.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "mutation.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { INPUT_MAX = 8192, PATIENCE = 60, ROUND = 256 };

struct shared {
	size_t n;
	uint64_t runs;
	char bytes[SEED_BYTES];
};

/* Memory that outlives the child. */
static struct shared *
share(const char *name)
{
	int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0644);
	struct shared *input;

	if (fd == -1 || ftruncate(fd, sizeof(*input)) == -1)
		die(name);
	input = mmap(NULL, sizeof(*input), PROT_READ | PROT_WRITE, MAP_SHARED,
	    fd, 0);
	if (input == MAP_FAILED)
		die(name);
	close(fd);
	unlink(name);
	return input;
}

static void
run(struct shared *input)
{
	if (input->runs++ % ROUND == 0)
		alarm(PATIENCE);		/* it hangs: SIGALRM ends it */
	(void)LLVMFuzzerTestOneInput((const uint8_t *)input->bytes, input->n);
}

static void
work(struct shared *input, uint64_t number, time_t seconds)
{
	time_t end;
	size_t i;

	for (i = 0; i < seeds_n; i++) {
		memcpy(input->bytes, seeds[i].p, seeds[i].n);
		input->n = seeds[i].n;
		run(input);
	}
	chance = number;
	for (end = time(NULL) + seconds; time(NULL) < end; ) {
		input->n = mutate(input->bytes, INPUT_MAX);
		run(input);
	}
}

static void
keep(const struct shared *input, const char *name)
{
	FILE *f = fopen(name, "wb");

	if (f == NULL || fwrite(input->bytes, 1, input->n, f) != input->n
	    || fclose(f) != 0)
		die(name);
}

int
main(int argc, char **argv)
{
	const char *name = strrchr(argv[0], '/');
	time_t seconds = 0;
	uint64_t number = (uint64_t)time(NULL) ^ (uint64_t)getpid() << 32;
	struct shared *input;
	char file[256];
	int option, status;
	pid_t child;

	while ((option = getopt(argc, argv, "t:s:")) != -1) {
		if (option == 't')
			seconds = atoi(optarg);
		else if (option == 's')
			number = strtoull(optarg, NULL, 0);
		else
			return 2;
	}
	while (optind < argc)
		add_seeds(argv[optind++]);
	if (seeds_n == 0)
		return 2;
	snprintf(file, sizeof(file), "crash-%s",
	    name == NULL ? argv[0] : name + 1);
	input = share(file);
	child = fork();
	if (child == -1)
		die("fork");
	if (child == 0) {
		work(input, number, seconds);
		return 0;
	}
	if (waitpid(child, &status, 0) != child)
		die("waitpid");
	printf("%llu runs, seed %llu\n", (unsigned long long)input->runs,
	    (unsigned long long)number);
	if (status == 0)
		return 0;
	keep(input, file);
	printf("ended by %s %d; the input is in %s\n", WIFSIGNALED(status) ?
	    "signal" : "status", WIFSIGNALED(status) ? WTERMSIG(status)
	    : WEXITSTATUS(status), file);
	return 1;
}
