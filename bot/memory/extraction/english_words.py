"""English words that decide what a value is."""

from __future__ import annotations

# ruff: noqa: SIM905 - a list of words reads best as words

TIME_WORDS = frozenset(
    """
    monday tuesday wednesday thursday friday saturday sunday january february march april june
    july august september october november december today tomorrow yesterday tonight morning
    afternoon evening night noon midnight christmas easter halloween summer winter autumn spring
    weekend
    """.split()
)

LANGUAGES = frozenset(
    """
    afrikaans albanian amharic arabic armenian basque bengali bulgarian burmese cantonese
    catalan chinese croatian czech danish dutch english esperanto estonian farsi finnish flemish
    french galician georgian german greek gujarati hausa hebrew hindi hungarian icelandic igbo
    indonesian irish italian japanese kannada kazakh khmer korean kurdish latin latvian
    lithuanian macedonian malay malayalam mandarin marathi mongolian nepali norwegian pashto
    persian polish portuguese punjabi romanian russian serbian sinhala slovak slovenian somali
    spanish swahili swedish tagalog tamil telugu thai tibetan turkish ukrainian urdu uzbek
    vietnamese welsh yoruba zulu asl bsl filipino
    """.split()
)

NATIONALITIES = frozenset(
    """
    afghan albanian algerian american argentinian argentine armenian australian austrian
    bangladeshi belgian bolivian bosnian brazilian british bulgarian cambodian canadian catalan
    chilean chinese colombian croatian cuban czech danish dutch egyptian english estonian
    ethiopian filipino finnish french georgian german ghanaian greek hungarian icelandic indian
    indonesian iranian iraqi irish israeli italian jamaican japanese jordanian kazakh kenyan
    korean kurdish latvian lebanese lithuanian malaysian mexican mongolian moroccan nepali
    nigerian norwegian pakistani palestinian peruvian polish portuguese romanian russian
    scottish serbian singaporean slovak slovenian somali spanish swedish swiss syrian taiwanese
    thai tunisian turkish ugandan ukrainian venezuelan vietnamese welsh zimbabwean
    """.split()
)

SAYS_NOTHING = frozenset(
    """
    it its it's that that's this these those you your yours you're how when what where why who
    him her them us me she he they his their there here to-hear hear know see say ask think talk
    tell be being idea ideas suggestion answer answers plan question questions joke thought vibe
    vibes energy one ones way part bit both all everything anything nothing something someone so
    too very just not if whether having seeing hearing knowing bring bother admit break disturb
    such which let point look looks sound sounds feeling pic picture photo photos said about our
    every each of same other others more most less lot lots
    """.split()
)
"""Words that make a liking a reaction to what was just said: "I love it", "I like your answer"."""

COUNTRYLESS = frozenset(
    """
    fear peace hope denial harmony hell sin love style shame pain debt poverty luxury a an the
    my our your his her their this that it here there home alone together bed town class school
    work line front back between under over fact general public private person secret time
    trouble awe shock tears charge control touch need use order pieces case luck bits agreement
    doubt hospital office kitchen car bus train shower bathroom meeting holiday vacation one two
    three another different some same such me you him them us more less big small new old good
    great better what which where who how both all every each middle free hours minutes days
    weeks months years money myself yourself sure now then remote remotely hard nights day part
    full fun out on off up down
    """.split()
)

NOT_JOBS = frozenset(
    """
    lover believer beginner fighter loser winner monster member user stranger owl person guy
    girl boy man woman human kid child mess fan bit mother father sister brother daughter son
    parent mom mum dad reader sucker starter outsider insider newcomer foreigner speaker sleeper
    walker talker thinker drinker smoker eater hater dreamer survivor sinner goner whatever
    first last second better little lot fool idiot genius robot bot computer banana king queen
    prince princess god wizard dragon cat dog bird creep weirdo virgin citizen millennial
    introvert extrovert vegetarian vegan runner later never other another rather either neither
    over under customer learner morning night number matter disaster killer murderer leader
    teenager volunteer hipster homebody player helper sister-in-law brother-in-law lawyer's big
    """.split()
)

JOB_TITLES = frozenset(
    """
    accountant actor actress acupuncturist administrator advisor analyst anaesthetist
    anthropologist apprentice archaeologist architect archivist artist assistant astronaut
    astronomer athlete attorney auditor author babysitter baker banker barber barista bartender
    biochemist biologist blacksmith bookkeeper bookseller botanist bricklayer broker builder
    butcher caregiver carer caretaker carpenter cashier cellist ceo cfo chef chemist
    chiropractor choreographer cleaner clerk coach coder comedian composer conductor consultant
    contractor cook coordinator copywriter counsellor counselor courier cto curator dancer
    dentist designer detective developer dietitian director diver dj doctor driver ecologist
    economist editor electrician engineer entrepreneur estimator farmer filmmaker firefighter
    fisherman florist founder freelancer gardener geologist geographer goldsmith guard guide
    gynaecologist hairdresser handyman historian housekeeper housewife hygienist illustrator
    inspector instructor intern interpreter investor janitor jeweller journalist judge
    kindergartner labourer lawyer lecturer librarian lifeguard linguist locksmith lumberjack
    machinist magician maid manager marketer masseur mathematician mechanic meteorologist
    microbiologist midwife miner minister model musician nanny neurologist novelist nurse
    nutritionist officer oncologist operator optician optometrist orthodontist painter paralegal
    paramedic pastor pathologist pediatrician paediatrician pharmacist photographer physician
    physicist physiotherapist pianist pilot planner plasterer plumber podcaster poet police
    policeman policewoman politician porter postdoc postman potter president priest principal
    producer professor programmer psychiatrist psychologist psychotherapist publisher
    radiologist radiographer realtor receptionist recruiter referee reporter researcher
    restaurateur retiree roofer sailor salesman salesperson saleswoman scientist sculptor
    seamstress secretary senator server shepherd singer sociologist soldier solicitor
    statistician stewardess steward stockbroker streamer student superintendent supervisor
    surgeon surveyor tailor teacher technician teller therapist tiler trader trainee trainer
    translator treasurer tutor undergraduate urologist valet veterinarian vet videographer
    violinist virologist waiter waitress warden watchmaker weaver webdev welder writer youtuber
    zoologist sysadmin dev pensioner undergrad freshman sophomore postgrad grad
    """.split()
)

NOT_NAMES = frozenset(
    """
    a able about absolutely across actually adhd adult afraid after again against agnostic
    agreed ahead alive all allergic almost alone already also alright always amazed amazing an
    and angry annoyed anxious any anxiety apparently around as asexual asian asleep at atheist
    autistic available aware away awake awesome awful awkward back bad barely based batman
    because being below beside best better between beyond bi bisexual black blessed blind blonde
    blown blue bored born both brand broke broken brown buddhist bummed burned busy but by calm
    capable careful catholic certain cheap christian clean clear clever clueless close cold
    coming comfortable completely concerned confident confused considering content convinced
    cool correct crazy curious currently cute daily dead deaf deaf-blind dealing definitely
    depressed desperate devastated diabetic different disabled disappointed divorced dizzy done
    down drained drunk dying dyslexic eager early easy eating ecstatic either else embarrassed
    engaged enough even ever every everyone everything excited exhausted expecting extremely
    fair familiar far fast fat fed feeling female few fifty finally fine finished first fit
    flattered for forever fortunate forty free fresh friendly from frustrated full fully fun
    funny furious furthermore game gay generally getting glad god going gone good grateful great
    green guilty half happily happy hard healthy heartbroken her here hers hetero hindu his home
    homesick honest honestly honored honoured hopeful hoping horrible hot how huge human
    hungover hungry hurt i ill impressed in inclined incredibly inside inspired interested into
    introverted ironman it its itself jealous jesus jewish jk joking just keen kidding kinda
    kind lactose last late lately later lazy learning left legally legit less lesbian like
    likely literally living lol lonely long looking lost loud lovely low lucky mad made male
    many married maybe me mentally mexican mildly mine miserable missing mixed more mormon
    moving much muslim my myself napoleon naked natural naturally near nearly nervous never new
    next nice nobody non nonbinary none normal not nothing now obsessed obviously of off often
    ok okay old on once one online only open opposed or orthodox other our out outside outta
    over overjoyed overwhelmed own panicking part particularly perfect personally pissed
    planning pleased poly poor positive possibly praying pregnant pretty prepared probably
    protestant proud puzzled queer quiet quite rarely rather ready really recently red
    relatively relaxed relieved religious responsible retired rich right sad safe santa
    satisfied scared secular self serious seriously severely shaking she shocked short shy sick
    sikh silly simply single sitting sixty skeptical skinny sleepy slightly slow small smart so
    sober some someone sometimes somewhat soon sore sorry sort speechless spiderman spiritual
    starving stealing still straight stressed strong struggling stuck stupid such super superman
    supposed sure surprised surprisingly swamped tall team temporarily terrible terribly
    terrified thankful that the their them then there these they thirsty thirty this thor those
    thrilled through tired to together too top torn totally touched tough trans transgender
    trapped tricky trying twenty two ugly unable under unemployed unfortunately unhappy
    unimpressed unsure up upset us used usually utterly vegan vegetarian very waiting wary weak
    weird welcome well what when where whether which while white who whole whom why widowed wide
    wild willing with without wondering working worn worried worse worth wrong yeah years yes
    yet you young your yours weird picky cynical selfish stubborn cheesy back when maybe
    whatever anytime called named known saying telling asking doing making using having taking
    giving thinking gemini leo virgo libra scorpio capricorn aquarius pisces aries taurus cancer
    sagittarius muted offline afk dumb dizzy toast garbage trash hype pumped chill down bummed
    meh legend done her his their our its sick fever broke stuck gluten type kinda wiped spent
    shattered knackered me mom mum dad grandma grandpa son daughter sister brother wife husband
    girlfriend boyfriend
    """.split()
)
