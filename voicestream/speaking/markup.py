"""What markup looks like: the patterns of Markdown, HTML, model tags and LaTeX. Keeps no state, decides nothing."""

from __future__ import annotations

import re

from voicestream.speaking.signs import CONTROLS, EMOJI, INVISIBLE, NEWLINES, SUPERSCRIPTS, WIDE_BLANKS

PLAIN = re.compile(rf"[^{NEWLINES}\t\\`*_~=\[\]!<&$|#【◁•⁃†‡{SUPERSCRIPTS}{EMOJI}{INVISIBLE}{CONTROLS}{WIDE_BLANKS}]+")
"""A run of characters that need no thought."""

# ------------------------------------------------------------------------------------------- beginnings of lines

RULE = re.compile(r"([-*_=])[ \t]*(?:\1[ \t]*){2,}(?=[\n\r]|\Z)|==(?=[\n\r]|\Z)")
RULE_PART = re.compile(r"(?:([-*_=])[ \t]*(?:\1[ \t]*)*)\Z")
ROW_RULE = re.compile(r"[|:+\- \t]*-[|:+\- \t]*(?=[\n\r]|\Z)")
ROW_RULE_PART = re.compile(r"[|:+\- \t]*\Z")
HEADING = re.compile(r"#{1,6}[ \t]+|#{2,6}(?=[^\W\d_])")
HEADING_PART = re.compile(r"#{1,6}[ \t]*\Z")
HEADING_END = re.compile(r"#+[ \t]*(?=[\n\r]|\Z)")
BULLET = re.compile(r"[-+*–—•◦▪‣●○■·⁃][ \t]+|[•⁃]")
BULLETS = frozenset("-+*–—•◦▪‣●○■·⁃")
TASK = re.compile(r"\[[ xX]\][ \t]+")
TASK_PART = re.compile(r"\[(?:[ xX](?:\][ \t]*)?)?\Z")
NUMBER = re.compile(r"(\d{1,3}(?:[.)]|\.\)))[ \t]+|\((\d{1,2})\)[ \t]+")
NUMBER_PART = re.compile(r"\d{1,3}[.)]{0,2}\Z")
QUOTE = re.compile(r">(?=[\s>\w\"“'*#\[-])[ \t]?")
FENCE = re.compile(r"(`{3,80}|~{3,80})[^`\n\r]{0,120}(?:[\n\r]|\Z)")
FENCE_PART = re.compile(r"(?:`{1,80}|~{1,80}|(?:`{3,80}|~{3,80})[^`\n\r]{0,120})\Z")
NOTE = re.compile(r"\[\^[^\]\n]{1,60}\]:[ \t]*")
NOTE_PART = re.compile(r"\[(?:\^[^\]\n]{0,60}(?:\]:?)?)?\Z")
REFERENCE = re.compile(r"\[[^\]\n]{1,80}\]:[ \t]+(?:<|https?:|[./#])[^\n\r]*")
REFERENCE_PART = re.compile(r"\[[^\]\n]{0,80}(?:\](?::[ \t]*(?:h|ht|htt|http|https)?)?)?\Z")
DEFINITION = re.compile(r":[ \t]+")

# ------------------------------------------------------------------------------------------------------ in lines

ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
ENTITY_PART = re.compile(r"&(?:#[xX]?[0-9a-fA-F]{0,7}|[A-Za-z][A-Za-z0-9]{0,11})?\Z")
URL = re.compile(r"https?://[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]{0,2000}")
URL_HOST = re.compile(r"https?://(?:[^/@]*@)?([^/?#:]*)")
URL_PART = re.compile(r"h(?:t(?:t(?:ps?(?::/?/?)?)?)?)?\Z")
LINK_END = re.compile(r"\]\(|\]\[")
CITATION = re.compile(r"\[(?:\^[^\]\n]{1,60}|\d{1,3}(?:[ ]?[,;–-][ ]?\d{1,3})*)\]")
SOURCE = re.compile(r"【[^】\n]{0,60}】")
SOURCE_PART = re.compile(r"【[^】\n]{0,60}\Z")

# ---------------------------------------------------------------------------------------------- tags and tokens

TAG = re.compile(r"<(/?)([A-Za-z][\w:.-]{0,40})((?:\s[^<>]{0,280})?)(/?)>")
TAG_PART = re.compile(r"</?(?:[A-Za-z][\w:.-]{0,40}(?:\s[^<>]{0,280})?/?)?\Z")
TAG_CUT = re.compile(r"</[A-Za-z]*\Z|<(?:thi|thin|rea\w*|bre\w*|emp\w*|spe\w*|too\w*)\Z|</?[A-Za-z][\w:-]{0,40}\s[^<>]*=[^<>]*\Z")
"""A tag that the end of the answer cut in two."""
AUTOLINK = re.compile(r"<((?:https?://|mailto:)[^\s<>]{1,280}|[\w.+-]{1,64}@[\w.-]{1,80})>")
AUTOLINK_PART = re.compile(r"<[^\s<>]{0,290}\Z")
TOKEN = re.compile(r"<[|｜]([\w▁/:.-]{1,40})[|｜]>")
TOKEN_PART = re.compile(r"<[|｜][\w▁/:.-]{0,40}[|｜]?\Z")
COMMENT = "<!--"

HIDDEN_TAGS = frozenset(
    "think thinking thought thoughts reasoning reflection scratchpad tool_call tool_calls function_call tool_code "
    "tool_response tool_result tool_use function_calls invoke script style head title svg iframe noscript template "
    "seed:think antml:thinking antml:function_calls".split()
)
"""Tags whose content is never said."""

BLOCK_TAGS = frozenset(
    "p br div li ul ol dl dt dd tr table thead tbody hr h1 h2 h3 h4 h5 h6 blockquote pre section article header footer "
    "nav main aside figure figcaption details summary form fieldset s:p paragraph sentence".split()
)
"""Tags at which a sentence ends."""

CELL_TAGS = frozenset({"td", "th"})

PLAIN_TAGS = frozenset(
    "a abbr acronym address audio b base bdi bdo big body button canvas caption center cite code col colgroup data "
    "datalist del dfn dialog em embed font html i img input ins kbd label legend link map mark meta meter object "
    "option output param picture progress q rp rt ruby s samp select small source span strike strong sub sup textarea "
    "time track tt u var video wbr speak break emphasis prosody say-as phoneme voice lang w token audio desc lexicon "
    "metadata mstts:express-as answer response final result speech text message reply bot assistant user system "
    "context document output_text".split()
)
"""Other tags that are left out while their content is said."""

MATH_SIGNS = re.compile(r"[\\^_={}<>+*/|]|^[^\W\d_]$|^-?\d+$")


def cut_url(url: str) -> str:
    """Return the URL without the punctuation that belongs to the sentence around it."""
    while url:
        if url[-1] in ".,;:!?'*_~&" or (url[-1] == ")" and url.count("(") < url.count(")")):
            url = url[:-1]
        elif url[-1] == "]" and url.count("[") < url.count("]"):
            url = url[:-1]
        else:
            break
    return url
