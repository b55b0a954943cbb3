// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The guest of the source-level tests in C11: a calculator with variables, functions, a history and a report. At its checkpoints it
 * prints what a debugger shall show there, one line for each expression, "EXPRESSION = VALUE" in gdb's style, between "at NAME" and
 * "end NAME"; then it calls checkpoint(). The expressions are to be evaluated in the frame that called checkpoint().
 *
 * "// @NAME" at the end of a line names the line for the tests. Knows nothing of outpost.
 */
#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// The table -----------------------------------------------------------------------------------------------------

static int checkpoints;

/* A debugger stops here; the whole table has been written before. */
__attribute__((noinline)) void checkpoint(const char *name)
{
	checkpoints += name[0] != '\0'; // @checkpoint
}

static void end(const char *name)
{
	printf("end %s\n", name);
	fflush(stdout);
}
#define CHECKPOINT(name) (end(name), checkpoint(name))

static void at(const char *name)
{
	printf("at %s\n", name);
}

__attribute__((format(printf, 2, 3))) static void row(const char *expression, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	printf("%s = ", expression);
	vprintf(format, arguments);
	printf("\n");
	va_end(arguments);
}

/* The fewest digits that read back as the same number. */
static const char *real_text(double value, bool is_single)
{
	static char texts[8][40];
	static int turn;
	char *text = texts[turn++ % 8];
	int precision = 1;
	do
		snprintf(text, sizeof(texts[0]), "%.*g", precision++, value);
	while (is_single ? strtof(text, NULL) != (float)value : strtod(text, NULL) != value);
	return text;
}

static const char *char_text(int value)
{
	static char texts[8][16];
	static int turn;
	char *text = texts[turn++ % 8];
	if (value == '\n')
		snprintf(text, sizeof(texts[0]), "10 '\\n'");
	else if (value == '\'')
		snprintf(text, sizeof(texts[0]), "39 '\\''");
	else if (value == 0)
		snprintf(text, sizeof(texts[0]), "0 '\\000'");
	else if (value < 0 || value > 126)
		snprintf(text, sizeof(texts[0]), "%d '\\%03o'", value, value & 255);
	else
		snprintf(text, sizeof(texts[0]), "%d '%c'", value, value);
	return text;
}

#define BOOL_TEXT(value) ((value) ? "true" : "false")
#define INT(expression) row(#expression, "%lld", (long long)(expression))
#define UINT(expression) row(#expression, "%llu", (unsigned long long)(expression))
#define REAL(expression) row(#expression, "%s", real_text(expression, sizeof(expression) == sizeof(float)))
#define BOOL(expression) row(#expression, "%s", BOOL_TEXT(expression))
#define CHAR(expression) row(#expression, "%s", char_text(expression))
#define NAME(expression, name) row(#expression, "%s", name)
#define TEXT(expression) row(#expression, "%p \"%s\"", (const void *)(expression), expression)
/* printf's %p has no 0x before a null pointer's 0. */
#define POINTER(expression, type) row(#expression, "(%s) 0x%x", type, (unsigned)(uintptr_t)(expression))

// Nodes of expressions ------------------------------------------------------------------------------------------

enum kind { NUMBER, VARIABLE, ADD, SUB, MUL, DIV, LESS, CALL, CHOICE };
enum access { ACCESS_NONE = 0, ACCESS_READ = 1, ACCESS_WRITE = 2, ACCESS_RUN = 4 };
enum level { LEVEL_LOW = -5, LEVEL_NORMAL = 0, LEVEL_HIGH = 70000 };

static const char *const kind_names[] = {"NUMBER", "VARIABLE", "ADD", "SUB", "MUL", "DIV", "LESS", "CALL", "CHOICE"};

#define ARGUMENTS_MAX 3

struct node {
	enum kind kind;
	unsigned short line;
	union {
		double number;
		const char *name;
		struct {
			struct node *left, *right;
		};
		struct {
			const char *function;
			struct node *arguments[ARGUMENTS_MAX];
			int count;
		} call;
	};
};

static struct node pool[256];
static size_t pool_used;

static struct node *new_node(enum kind kind, unsigned short line)
{
	if (pool_used == sizeof(pool) / sizeof(pool[0])) {
		fprintf(stderr, "too many nodes\n");
		exit(2);
	}
	struct node *node = &pool[pool_used++];
	memset(node, 0, sizeof(*node));
	node->kind = kind;
	node->line = line;
	return node;
}

static struct node *new_pair(enum kind kind, unsigned short line, struct node *left, struct node *right)
{
	struct node *node = new_node(kind, line);
	node->left = left;
	node->right = right;
	return node;
}

// The scanner ---------------------------------------------------------------------------------------------------

typedef struct scanner {
	const char *text;
	size_t position;
	unsigned short line;
	char token[24];
	bool at_end;
} scanner_t;

static void skip_blanks(scanner_t *scanner)
{
	while (scanner->text[scanner->position] == ' ')
		scanner->position++;
}

static bool is_word(char letter)
{
	return isalnum((unsigned char)letter) || letter == '.' || letter == '_';
}

static void next_token(scanner_t *scanner)
{
	skip_blanks(scanner);
	size_t length = 0;
	const char *start = scanner->text + scanner->position;
	while (is_word(start[length]) && length + 1 < sizeof(scanner->token))
		length++;
	if (!length && *start)
		length = 1;
	memset(scanner->token, 0, sizeof(scanner->token));
	memcpy(scanner->token, start, length);
	scanner->position += length;
	scanner->at_end = length == 0;
}

static bool take(scanner_t *scanner, const char *token)
{
	if (scanner->at_end || strcmp(scanner->token, token) != 0)
		return false;
	next_token(scanner);
	return true;
}

static char *keep(const char *text)
{
	char *copy = malloc(strlen(text) + 1);
	if (!copy)
		exit(2);
	return strcpy(copy, text);
}

// The parser ----------------------------------------------------------------------------------------------------

static struct node *parse_comparison(scanner_t *scanner);

static void parse_arguments(scanner_t *scanner, struct node *node)
{
	while (!take(scanner, ")") && node->call.count < ARGUMENTS_MAX) {
		node->call.arguments[node->call.count++] = parse_comparison(scanner);
		take(scanner, ",");
	}
}

static struct node *parse_word(scanner_t *scanner)
{
	char *word = keep(scanner->token);
	next_token(scanner);
	if (isdigit((unsigned char)word[0])) {
		struct node *number = new_node(NUMBER, scanner->line);
		number->number = strtod(word, NULL);
		free(word);
		return number;
	}
	if (!take(scanner, "(")) {
		struct node *variable = new_node(VARIABLE, scanner->line);
		variable->name = word;
		return variable;
	}
	struct node *call = new_node(strcmp(word, "if") == 0 ? CHOICE : CALL, scanner->line);
	call->call.function = word;
	parse_arguments(scanner, call);
	return call;
}

static struct node *parse_primary(scanner_t *scanner)
{
	if (!take(scanner, "("))
		return parse_word(scanner);
	struct node *inside = parse_comparison(scanner);
	take(scanner, ")");
	return inside;
}

static struct node *parse_product(scanner_t *scanner)
{
	struct node *left = parse_primary(scanner);
	for (;;) {
		if (take(scanner, "*"))
			left = new_pair(MUL, scanner->line, left, parse_primary(scanner));
		else if (take(scanner, "/"))
			left = new_pair(DIV, scanner->line, left, parse_primary(scanner));
		else
			return left;
	}
}

static struct node *parse_sum(scanner_t *scanner)
{
	struct node *left = parse_product(scanner);
	for (;;) {
		if (take(scanner, "+"))
			left = new_pair(ADD, scanner->line, left, parse_product(scanner));
		else if (take(scanner, "-"))
			left = new_pair(SUB, scanner->line, left, parse_product(scanner));
		else
			return left;
	}
}

static struct node *parse_comparison(scanner_t *scanner)
{
	struct node *left = parse_sum(scanner);
	if (take(scanner, "<"))
		left = new_pair(LESS, scanner->line, left, parse_sum(scanner));
	return left;
}

static void show_tree(struct node *root, const char *text)
{
	scanner_t scanner = {.text = text, .line = 7, .token = "last\ttab"};
	struct node **where = &root;
	at("tree");
	POINTER(root, "struct node *");
	NAME(root->kind, kind_names[root->kind]);
	UINT(root->line);
	NAME(root->left->kind, kind_names[root->left->kind]);
	REAL(root->left->number);
	TEXT(root->right->left->name);
	NAME((*where)->right->kind, kind_names[(*where)->right->kind]);
	POINTER(where, "struct node **");
	POINTER(*where, "struct node *");
	POINTER(&root->right, "struct node **");
	POINTER(root->right->right->left, "struct node *");
	row("root->right == root->left", "%d", root->right == root->left);
	row("root->kind == MUL && root->line > 3", "%d", root->kind == MUL && root->line > 3);
	row("root->kind + 1", "%d", root->kind + 1);
	row("root - pool", "%td", root - pool);
	row("pool[0].number", "%s", real_text(pool[0].number, false));
	row("(enum kind) 3", "%s", "SUB");
	row("sizeof(struct node)", "%zu", sizeof(struct node));
	row("sizeof *root", "%zu", sizeof *root);
	row("scanner", "{text = %p \"%s\", position = 0, line = 7, token = \"last\\ttab\", at_end = false}", (const void *)text, text);
	row("scanner.token", "\"last\\ttab\"");
	CHAR(scanner.token[0]);
	CHAR(text[0]);
	TEXT(text);
	row("text + 4", "%p \"%s\"", (const void *)(text + 4), text + 4);
	row("*text@5", "\"%.5s\"", text);
	CHECKPOINT("tree");
}

// Variables and functions of the calculator ---------------------------------------------------------------------

typedef double (*builtin_fn)(double a, double b);

struct builtin {
	const char *name;
	int arity;
	builtin_fn run;
};

static double builtin_max(double a, double b)
{
	return a > b ? a : b;
}

static double builtin_min(double a, double b)
{
	return a < b ? a : b;
}

static double builtin_root(double a, double b)
{
	(void)b;
	return sqrt(a);
}

static const struct builtin builtins[] = {
	{"max", 2, builtin_max},
	{"min", 2, builtin_min},
	{"root", 1, builtin_root},
};

struct scope {
	struct scope *outer;
	const char *names[4];
	double values[4];
	unsigned count;
};

struct statistics {
	unsigned evaluated : 20;
	signed balance : 5;
	unsigned deep : 1;
	unsigned long long wide : 40;
	bool failed : 1;
	enum access access : 3;
};

static struct statistics statistics = {.balance = -7, .access = ACCESS_READ | ACCESS_RUN};
static struct node *fib_body;

static double *find_variable(struct scope *scope, const char *name)
{
	for (; scope; scope = scope->outer) {
		for (unsigned i = 0; i < scope->count; i++) {
			if (strcmp(scope->names[i], name) == 0)
				return &scope->values[i];
		}
	}
	return NULL;
}

static void set_variable(struct scope *scope, const char *name, double value)
{
	if (scope->count == sizeof(scope->values) / sizeof(scope->values[0])) {
		fprintf(stderr, "too many variables\n");
		exit(2);
	}
	scope->names[scope->count] = name;
	scope->values[scope->count++] = value;
}

// Evaluation ----------------------------------------------------------------------------------------------------

static double evaluate(const struct node *node, struct scope *scope, int depth);

/* Inlined wherever it is used. */
__attribute__((always_inline)) static inline double clamp(double value, double low, double high)
{
	double result = value; // @clamp-first
	if (result < low)
		result = low; // @clamp-low
	if (result > high)
		result = high; // @clamp-high
	return result; // @clamp-last
}

__attribute__((always_inline)) static inline int inside_inline(int seed)
{
	int twice = seed * 2; // @inline-first
	struct {
		int low, high;
	} range = {seed - 1, seed + 1};
	at("inlined");
	INT(seed);
	INT(twice);
	row("range", "{low = %d, high = %d}", range.low, range.high);
	INT(range.high - range.low);
	CHECKPOINT("inlined"); // @inline-checkpoint
	return twice + range.low;
}

static void show_deepest(const struct node *node, const struct scope *scope, int depth)
{
	at("deepest");
	INT(depth);
	NAME(node->kind, kind_names[node->kind]);
	UINT(scope->count);
	REAL(scope->values[0]);
	TEXT(scope->names[0]);
	REAL(scope->outer->values[0]);
	row("scope->values", "{%s, 0, 0, 0}", real_text(scope->values[0], false));
	CHECKPOINT("deepest");
}

static double call_fib(const struct node *node, struct scope *scope, int depth)
{
	struct scope inner = {.outer = scope};
	double n = evaluate(node->call.arguments[0], scope, depth + 1); // @fib-argument
	set_variable(&inner, "n", n);
	if (depth > 14 && !statistics.deep) {
		statistics.deep = 1;
		show_deepest(node, &inner, depth);
	}
	double value = evaluate(fib_body, &inner, depth + 1); // @fib-call
	return value; // @fib-return
}

static double call_builtin(const struct node *node, struct scope *scope, int depth)
{
	for (size_t i = 0; i < sizeof(builtins) / sizeof(builtins[0]); i++) {
		const struct builtin *builtin = &builtins[i];
		if (strcmp(builtin->name, node->call.function) != 0)
			continue;
		double a = evaluate(node->call.arguments[0], scope, depth + 1);
		double b = builtin->arity > 1 ? evaluate(node->call.arguments[1], scope, depth + 1) : 0;
		return builtin->run(a, b); // @builtin-call
	}
	statistics.failed = true;
	return NAN;
}

static double evaluate(const struct node *node, struct scope *scope, int depth)
{
	statistics.evaluated++; // @evaluate
	double left = 0, right = 0;
	if (node->kind >= ADD && node->kind <= LESS) {
		left = evaluate(node->left, scope, depth + 1); // @evaluate-left
		right = evaluate(node->right, scope, depth + 1); // @evaluate-right
	}
	switch (node->kind) {
	case NUMBER:
		return node->number;
	case VARIABLE: {
		double *place = find_variable(scope, node->name);
		return place ? *place : NAN;
	}
	case ADD:
		return left + right; // @evaluate-add
	case SUB:
		return left - right;
	case MUL:
		return left * right;
	case DIV:
		return left / right;
	case LESS:
		return left < right;
	case CHOICE: {
		bool holds = evaluate(node->call.arguments[0], scope, depth + 1) != 0;
		return evaluate(node->call.arguments[holds ? 1 : 2], scope, depth + 1);
	}
	case CALL:
		if (strcmp(node->call.function, "fib") == 0)
			return call_fib(node, scope, depth);
		return call_builtin(node, scope, depth);
	}
	return NAN;
}

static struct node *parse(const char *text, unsigned short line)
{
	scanner_t scanner = {.text = text, .line = line};
	next_token(&scanner);
	return parse_comparison(&scanner);
}

// Values of all kinds -------------------------------------------------------------------------------------------

static int global_count = 41;
double global_ratio = 0.1;
const double global_dropped = 0.2; // the linker leaves it out: nothing needs it
volatile unsigned global_mask = 0xdeadbeef;
static const char *global_words[] = {"alpha", "beta \"quoted\"", NULL};

static void show_integers(int8_t tiny, uint8_t byte, int16_t little, uint16_t word, int32_t usual, uint32_t count, int64_t large,
			  uint64_t huge)
{
	long counter = -123456789L;
	unsigned long size = 4000000000UL;
	size_t length = sizeof(size);
	intptr_t distance = -4;
	__int128 enormous = (__int128)1 << 100;
	_Atomic int shared = 17;
	at("integers");
	CHAR(tiny);
	CHAR(byte);
	INT(little);
	UINT(word);
	INT(usual);
	UINT(count);
	INT(large);
	UINT(huge);
	INT(counter);
	UINT(size);
	UINT(length);
	INT(distance);
	row("enormous", "1267650600228229401496703205376");
	INT(shared);
	row("/x count", "0x%x", count);
	row("/x usual", "0x%x", (unsigned)usual);
	row("/o word", "0%o", word);
	row("/t byte", "11001000");
	row("/d count", "%d", (int)count);
	row("/u usual", "%u", (unsigned)usual);
	row("/c usual", "%s", char_text((int8_t)usual));
	INT(usual + 1);
	INT(usual * 2 - little);
	INT(usual / 7);
	INT(usual % 7);
	INT(-usual);
	INT(~usual);
	INT(usual >> 3);
	UINT(count >> 28);
	UINT(count + 1);
	UINT(huge + 1);
	UINT(word << 2);
	INT(large - usual);
	row("usual < little", "%d", usual < little);
	row("usual == -1234567", "%d", usual == -1234567);
	row("!usual", "0");
	row("usual && count", "1");
	row("count > 0 ? little : usual", "%d", count > 0 ? little : usual);
	row("(unsigned char) usual", "%s", char_text((unsigned char)usual));
	row("(short) count", "%d", (short)count);
	row("(long long) count * count", "%lld", (long long)count * count);
	row("sizeof(large)", "%zu", sizeof(large));
	row("byte + 'a'", "%d", byte + 'a');
	row("0x10 + 010", "%d", 0x10 + 010);
	CHECKPOINT("integers");
}

static void show_others(float single, double real, long double precise, bool yes, char letter, unsigned char raw, enum kind kind,
			enum access access, enum level level)
{
	bool no = !yes;
	char quote = '\'', ending = '\0', newline = '\n', high = (char)0xe9;
	wchar_t wide = L'w';
	double none = NAN, endless = -INFINITY, zero = -0.0, tiny = 5e-324, million = 1e6;
	enum kind strange = (enum kind)77;
	at("others");
	REAL(single);
	REAL(real);
	row("precise", "0.125");
	row("none", "nan:0x7ff8000000000000");
	row("endless", "-inf");
	row("zero", "-0");
	REAL(tiny);
	row("million", "1000000");
	REAL(single * 2);
	REAL(real / 4);
	row("real > single", "%d", real > single);
	row("(int) real", "%d", (int)real);
	row("(float) real", "%s", real_text((float)real, true));
	BOOL(yes);
	BOOL(no);
	CHAR(letter);
	CHAR(raw);
	CHAR(quote);
	CHAR(ending);
	CHAR(newline);
	CHAR(high);
	row("wide", "119 L'w'");
	INT(letter + 1);
	row("/x letter", "0x%x", letter);
	row("/d letter", "%d", letter);
	NAME(kind, "MUL");
	row("kind == MUL", "1");
	row("/d kind", "%d", kind);
	NAME(access, "ACCESS_READ | ACCESS_WRITE");
	row("(enum access) 4", "ACCESS_RUN");
	row("(enum access) 0", "ACCESS_NONE");
	NAME(level, "LEVEL_HIGH");
	row("LEVEL_LOW", "LEVEL_LOW");
	row("(int) LEVEL_LOW", "-5");
	row("strange", "(enum kind) 77");
	CHECKPOINT("others");
}

// Aggregates ----------------------------------------------------------------------------------------------------

struct point {
	int x, y;
};

struct shape {
	char tag;
	struct point corners[3];
	struct {
		unsigned char red, green, blue;
	} colour;
	union {
		uint32_t bits;
		float real;
		uint8_t bytes[4];
	} raw;
	const struct point *centre;
	void *owner;
	int (*measure)(const struct shape *shape);
};

struct entry {
	int number;
	struct entry *next;
	struct entry *previous;
};

struct message {
	uint16_t length;
	char body[];
};

static int measure_corners(const struct shape *shape)
{
	int sum = 0;
	for (int i = 0; i < 3; i++)
		sum += shape->corners[i].x * shape->corners[i].y; // @measure
	return sum;
}

static void show_shape(struct shape *shape, struct point by_value)
{
	struct shape *alias = shape;
	const struct point *const fixed = shape->centre;
	int (*measure)(const struct shape *) = shape->measure;
	at("shape");
	row("*shape",
	    "{tag = 83 'S', corners = {{x = 1, y = 2}, {x = 3, y = 4}, {x = 5, y = 6}}, colour = {red = 255 '\\377', green = 128 '\\200', "
	    "blue = 0 '\\000'}, raw = {bits = 1065353216, real = 1, bytes = \"\\000\\000\\200?\"}, centre = %p, owner = 0x0, measure = %p "
	    "<measure_corners>}",
	    (const void *)shape->centre, (void *)shape->measure);
	CHAR(shape->tag);
	row("shape->corners", "{{x = 1, y = 2}, {x = 3, y = 4}, {x = 5, y = 6}}");
	row("shape->corners[1]", "{x = 3, y = 4}");
	INT(shape->corners[2].y);
	row("*shape->corners@2", "{{x = 1, y = 2}, {x = 3, y = 4}}");
	row("shape->colour", "{red = 255 '\\377', green = 128 '\\200', blue = 0 '\\000'}");
	UINT(shape->raw.bits);
	REAL(shape->raw.real);
	CHAR(shape->raw.bytes[3]);
	row("/x shape->raw.bits", "0x3f800000");
	row("/x shape->corners[0]", "{x = 0x1, y = 0x2}");
	POINTER(shape->centre, "const struct point *");
	row("*shape->centre", "{x = -3, y = 9}");
	row("fixed->y - fixed->x", "12");
	row("shape->owner", "(void *) 0x0");
	row("measure", "(int (*)(const struct shape *)) %p <measure_corners>", (void *)measure);
	row("alias == shape", "1");
	POINTER(&alias->corners[1], "struct point *");
	row("&alias->corners[1] - alias->corners", "1");
	row("by_value", "{x = 10, y = -10}");
	INT(by_value.x + alias->corners[0].x);
	row("sizeof(struct shape)", "%zu", sizeof(struct shape));
	row("sizeof(shape->corners)", "%zu", sizeof(shape->corners));
	row("((struct point *) shape->corners)[2]", "{x = 5, y = 6}");
	CHECKPOINT("shape");
}

static void show_arrays(void)
{
	int numbers[5] = {10, 20, 30, 40, 50};
	int grid[2][3] = {{1, 2, 3}, {4, 5, 6}};
	int zeros[40] = {0};
	int steps[300];
	double reals[3] = {0.5, -1, 1e10};
	const char *names[3] = {"one", NULL, "three"};
	char buffer[16] = "hello";
	char full[4] = {'f', 'u', 'l', 'l'};
	char escaped[] = "tab\there \"and\" back\\slash\x01 caf\xc3\xa9";
	bool flags[3] = {true, false, true};
	struct point *corners[2] = {&(struct point){7, 8}, NULL};
	int *middle = &numbers[2];
	int count = 3;
	int variable[count];
	at("arrays");
	for (int i = 0; i < 300; i++)
		steps[i] = i;
	for (int i = 0; i < count; i++)
		variable[i] = i * i;
	row("numbers", "{10, 20, 30, 40, 50}");
	INT(numbers[4]);
	INT(numbers[count] + numbers[0]);
	row("*middle@3", "{30, 40, 50}");
	INT(middle[-1]);
	INT(*middle);
	row("*(middle + 2)", "50");
	POINTER(middle, "int *");
	POINTER(middle + 1, "int *");
	row("middle - numbers", "2");
	row("grid", "{{1, 2, 3}, {4, 5, 6}}");
	row("grid[1]", "{4, 5, 6}");
	INT(grid[1][2]);
	row("zeros", "{0 <repeats 40 times>}");
	printf("steps = {");
	for (int i = 0; i < 200; i++)
		printf(i ? ", %d" : "%d", i);
	printf("...}\n");
	row("steps[299]", "299");
	row("reals", "{0.5, -1, 10000000000}");
	row("names", "{%p \"one\", 0x0, %p \"three\"}", (const void *)names[0], (const void *)names[2]);
	row("buffer", "\"hello\"");
	row("full", "\"full\"");
	row("escaped", "\"tab\\there \\\"and\\\" back\\\\slash\\001 caf\xc3\xa9\"");
	row("flags", "{true, false, true}");
	row("*corners[0]", "{x = 7, y = 8}");
	row("corners[0]->y", "8");
	row("corners[1]", "(struct point *) 0x0");
	row("variable", "{0, 1, 4}");
	row("variable[2]", "4");
	row("/x numbers", "{0xa, 0x14, 0x1e, 0x28, 0x32}");
	row("sizeof numbers / sizeof numbers[0]", "5");
	CHECKPOINT("arrays"); // @arrays
}

static void show_ring(void)
{
	struct entry first = {.number = 1}, second = {.number = 2}, third = {.number = 3};
	struct entry *ring = &first;
	first.next = &second, second.next = &third, third.next = &first;
	first.previous = &third, second.previous = &first, third.previous = &second;
	struct message *message = malloc(sizeof(struct message) + 6);
	if (!message)
		exit(2);
	message->length = 5;
	strcpy(message->body, "abcde");
	at("ring");
	row("*ring", "{number = 1, next = %p, previous = %p}", (void *)&second, (void *)&third);
	row("*ring->next->next->next", "{number = 1, next = %p, previous = %p}", (void *)&second, (void *)&third);
	row("ring->next->next->next == ring", "1");
	row("ring->previous->number", "3");
	row("message->length", "5");
	row("message->body[2]", "99 'c'");
	row("*message->body@5", "\"abcde\"");
	row("statistics.balance", "-7");
	row("statistics.deep", "%u", statistics.deep);
	row("statistics.wide", "%llu", (unsigned long long)statistics.wide);
	row("statistics.failed", "%s", BOOL_TEXT(statistics.failed));
	row("statistics.access", "ACCESS_READ | ACCESS_RUN");
	row("statistics", "{evaluated = %u, balance = -7, deep = %u, wide = %llu, failed = %s, access = ACCESS_READ | ACCESS_RUN}",
	    statistics.evaluated, statistics.deep, (unsigned long long)statistics.wide, BOOL_TEXT(statistics.failed));
	CHECKPOINT("ring");
	free(message);
}

static int show_shadows(int value)
{
	static int times = 5;
	times++;
	{
		int value = 100; // @shadow
		{
			int value = 1000, inner = 3;
			at("shadows");
			INT(value);
			INT(inner);
			INT(times);
			row("global_count", "%d", global_count);
			row("::global_count", "%d", global_count);
			REAL(global_ratio);
			row("/x global_mask", "0x%x", global_mask);
			row("global_words", "{%p \"alpha\", %p \"beta \\\"quoted\\\"\", 0x0}", (const void *)global_words[0],
			    (const void *)global_words[1]);
			row("builtins[2]", "{name = %p \"root\", arity = 1, run = %p <builtin_root>}", (const void *)builtins[2].name,
			    (void *)builtins[2].run);
			row("builtins[0].run", "(builtin_fn) %p <builtin_max>", (void *)builtins[0].run);
			row("&global_count", "(int *) %p", (void *)&global_count);
			row("*&global_count", "%d", global_count);
			CHECKPOINT("shadows");
		}
		value++;
	}
	return value + times;
}

// Steps ---------------------------------------------------------------------------------------------------------

static int leaf(int value)
{
	int next = value + 1; // @leaf-first
	return next; // @leaf-last
}

static int recurse(int depth)
{
	if (depth == 0) // @recurse
		return leaf(1); // @recurse-end
	int below = recurse(depth - 1); // @recurse-call
	return below + depth; // @recurse-return
}

static int walk(int rounds)
{
	int sum = 0; // @walk-first
	for (int i = 0; i < rounds; i++) { // @walk-loop
		sum += leaf(i); // @walk-leaf
		sum = (int)clamp(sum, 0, 100); // @walk-clamp
	}
	int deep = recurse(4); // @walk-recurse
	int inlined = inside_inline(sum + deep); // @walk-inline
	sum += inlined; // @walk-sum
	return sum; // @walk-last
}

// The program ---------------------------------------------------------------------------------------------------

static void calculate(void)
{
	struct scope globals = {.outer = NULL};
	set_variable(&globals, "width", 6.5);
	struct node *product = parse("2.5 * (width + 1)", 12);
	show_tree(product, "2.5 * (width + 1)");
	fib_body = parse("if(n < 2, n, fib(n - 1) + fib(n - 2))", 1);
	double area = evaluate(product, &globals, 0); // @calculate-area
	double fib = evaluate(parse("fib(8)", 2), &globals, 0);
	double root = evaluate(parse("root(max(9, 16)) + min(1, 2)", 3), &globals, 0);
	printf("area %s fib %s root %s\n", real_text(area, false), real_text(fib, false), real_text(root, false));
}

static void show_all(void)
{
	static const struct point centre = {-3, 9};
	struct shape shape = {
		.tag = 'S',
		.corners = {{1, 2}, {3, 4}, {5, 6}},
		.colour = {255, 128, 0},
		.raw.real = 1,
		.centre = &centre,
		.measure = measure_corners,
	};
	statistics.wide = 0x9876543210;
	show_integers(-100, 200, -30000, 60000, -1234567, 3000000000, -5000000000000, 18000000000000000000U);
	show_others(0.1F, 2.75, 0.125L, true, 'a', 0xfe, MUL, ACCESS_READ | ACCESS_WRITE, LEVEL_HIGH);
	show_shape(&shape, (struct point){10, -10});
	show_arrays();
	show_ring();
	global_count += show_shadows(1) > 0;
	global_count += shape.measure(&shape) > 0; // @measured
}

int main(void)
{
	printf("ready\n");
	fflush(stdout);
	int first = getchar();
	calculate();
	show_all();
	int sum = walk(3); // @main-walk
	printf("done rounds=%d sum=%d\n", checkpoints, sum + (first == '\n')); // @main-done
	return 0;
}
