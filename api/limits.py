"""What one request may ask for. Beyond any of these it is refused before it costs anything."""

BODY_BYTES = 256 * 1024
BODY_SECONDS = 5.0
HEAD_SECONDS = 5.0
HEADERS = 64
HEADER_BYTES = 16 * 1024

JSON_DEPTH = 32
INTEGER_DIGITS = 20
# The largest list of any change, measurementsRecord; the others set their own smaller limit.
LIST_ITEMS = 1_000

QUERY_BYTES = 16 * 1024
TOKENS = 2_000
DEPTH = 12
# The introspection query of the usual tools nests 15 deep; graphql-core bounds what it multiplies.
INTROSPECTION_DEPTH = 16
ALIASES = 50
ROOT_FIELDS = 20
DIRECTIVES = 30
SELECTIONS_OF_SET = 200
# Validation compares the repetitions of a response key in pairs, and their selections again.
REPEATED_OBJECTS = 5
# Leaves end the comparison; fragments of many components each select `id`.
REPEATED_LEAVES = 20
# Selections that one walk looks at; no document within the other limits was seen to need more.
VISITS = 20_000

COST = 10_000
DEFAULT_PAGE = 20
UNPAGED_LIST = 5

ERRORS = 10
ECHOED_CHARACTERS = 100
MESSAGE_CHARACTERS = 400

IN_FLIGHT = 64
WAIT_SECONDS = 1.0
RUN_SECONDS = 10.0
