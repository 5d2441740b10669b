// Package expr evaluates Python's expression syntax over the values of a run: conditions of If and While, the expression of a
// Switch, filters and maps of lists.
//
// There are no statements, lambdas, assignments or imports, and nothing to reach but the values the Env gives. A source is
// parsed once into a tree (Parse, ParseCondition, ParseTemplated) that any number of goroutines may evaluate; operands are the
// run's own values, never copied.
//
// The hard decision is that nothing a workflow writes may hurt the robot. Python's operators are compact bombs ("x"*10**9,
// sorted(range(10**8)), 9**9**9), so every operation pays a meter before it works: 1,000,000 steps, 64 MiB of memory made,
// integers of 100,000 bits, formats 10,000 wide and 100 precise, 100 levels of nesting. What scans without making anything
// pays steps by length. The meter looks at the context every 1,024 steps. A new operation that does work in proportion to its
// operands must charge that work first; the run-away tests and the fuzz target are there to notice.
//
// Inside an evaluation there are kinds that no variable holds (tuple, set, range, generator, dict view, function); a result
// leaves as values only: tuples, sets and whatever else can be walked as lists. Text made with a secret is a secret.
//
// Functions: abs all any ascii bin bool callable chr dict divmod enumerate filter float format hex int isinstance len list map
// max min next oct ord pow range repr reversed round set sorted str sum tuple type zip; rand and randint where the Env is a
// Randomizer. A method may be named without its object where a function is wanted: sorted(words, key=str.lower).
//
// Methods of texts: capitalize casefold center count encode endswith expandtabs find format index isalnum isalpha isascii
// isdecimal isdigit isidentifier islower isnumeric isprintable isspace istitle isupper join ljust lower lstrip partition
// removeprefix removesuffix replace rfind rindex rjust rpartition rsplit rstrip split splitlines startswith strip swapcase title
// upper zfill. Of lists and tuples: copy count index. Of dicts: copy get items keys values; any other name after a point is a key
// of the dict. Of sets: copy difference intersection isdisjoint issubset issuperset symmetric_difference union. Of bytes: decode
// hex. Of numbers: bit_length; as_integer_ratio is_integer. What would change a value is refused by name.
//
// Unlike Python: keys of a dict are texts and whole numbers; there are no complex numbers; keys(), values() and items() are taken
// once; a set keeps the order of its elements.
package expr
