"""Common words, most of which no command needs: what the tiny Whisper must follow by ear."""

from __future__ import annotations

_NOUNS = """
apple arm army aunt baby back bag ball bank bath beach bed bell bird boat body book bottle box boy bread bridge brother
bus butter cake camera car card cat chair cheese child church city class clock cloud coat coffee color corner country
cow cup day desk doctor dog door dream dress driver ear earth east egg engine evening eye face family farm farmer
father field fire fish floor flower food foot forest friend fruit game garden girl glass grass hair hand harbour hat
head heart hill holiday home horse hospital hotel hour house ice island job juice key king knife lake lamp land leaf
leg letter library light line list lunch man map market meal meat meeting message milk minute money month moon morning
mother mountain mouth museum music name neck newspaper night noise north number ocean office orange page paper park
part party people phone picture plane plant plate pocket police price problem question radio rain recipe restaurant
rice river road roof room salt school sea seat shirt shoe shop side singer sister sky snow soap son song south spoon
spring square stair star station stone storm story street sugar summer sun table tea teacher test ticket time tooth
tower town toy train travel tree uncle village voice wall water weather week west wheel wife wind window winter woman
word work world year
"""
NOUNS = _NOUNS.split()

_VERBS = """
ask begin believe boil book borrow break bring build burn buy call carry catch change check choose clean climb close
come cook count cover cry cut dance draw drink drive drop eat explain fall feel fight fill find finish fix fly follow
forget get give grow hear help hide hold hope hurry jump keep know laugh learn leave lend listen live look lose love
make mean meet move need open order paint pay play point pull push put read remember rent repeat rest ride ring run
save say see sell send show sing sit sleep smell speak spell spend stand start stay steal study swim take talk taste
teach tell thank think throw touch try understand use visit wait walk want wash watch wear win wish wonder worry write
"""
VERBS = _VERBS.split()

_PAST = """
asked became began believed bought broke brought built called came changed cooked counted danced drank drove ate fell
felt found forgot gave grew had heard helped hung kept knew laughed learned left liked lived looked lost loved made
meant met moved needed opened painted played read said sang sat saw sent showed slept spoke started stayed stood stopped
swam talked told thought took tried used visited waited walked wanted was watched went won worked wrote
"""
PAST = _PAST.split()

_QUALITIES = """
afraid angry bad beautiful best better big black blue bright brown busy cheap clean clear cold dark dear deep different
dirty dry early easy empty expensive fast fine free fresh full funny good great green happy hard heavy high hot hungry
important kind large last late lazy light little long loud low lucky modern narrow new next nice noisy old open poor
pretty quick quiet ready red rich right round sad safe short sick simple slow small soft special strange strong sweet
tall tired true warm weak wet white whole wide wild wrong yellow young
"""
QUALITIES = _QUALITIES.split()

_SMALL = """
a about above after again ago all almost alone already also always among an and another any are around as at away back
be because been before behind below beside between both but by can can't could did didn't do does doesn't don't down
during each either else enough even ever every everybody everything far few first for from had has have he her here hers
him his how I I'm I'll I've if in inside instead into is isn't it it's its just later less let's like many maybe me mine
more most much must my near never no nobody not nothing now of off often on once one only or other our out outside over
perhaps please quite rather really second several shall she should since so some somebody something sometimes soon still
such than that that's the their them then there these they this those three through to today together tomorrow tonight
too two under until up us very was wasn't we we're well were what when where which while who whose why will with without
won't would yes yesterday yet you you're your
"""
SMALL = _SMALL.split()

_NAMES = """
Africa America Anna April August Bach Berlin Christmas David December England English Europe February France Friday
German Germany January John July June London March Mary Monday November October Paris Peter Rome Saturday September
Sunday Thursday Tom Tuesday Wednesday
"""
NAMES = _NAMES.split()

COMMON = [*NOUNS, *VERBS, *PAST, *QUALITIES, *SMALL, *NAMES]
