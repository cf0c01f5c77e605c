"""Everyday English words that stand for one another when people ask about what was said.

Written by hand from general knowledge. One group a line: the words before the colon name the kind,
those after it are of that kind; an indented line goes on with the one above. A line that begins
with # is a heading.
"""

from __future__ import annotations

GROUPS = """
# People
family relatives: mother father parents sister brother son daughter child kids wife husband
    grandma grandpa aunt uncle cousin niece nephew
parent parents: mother father mom mum dad mama papa
mother mom mum mama mommy
father dad papa daddy
child children kid kids: son daughter baby toddler boy girl teenager
sibling siblings: brother sister twin
partner spouse: wife husband boyfriend girlfriend fiance fiancee
grandparent grandparents: grandma grandpa grandmother grandfather granny
grandmother grandma granny nana
grandfather grandpa granddad
friend friends: buddy pal mate bestie roommate neighbor colleague
colleague colleagues: coworker teammate boss
marry married: wedding wife husband spouse engaged engagement bride groom anniversary divorced
relationship romantic: dating boyfriend girlfriend partner single breakup married divorced crush
breakup: broke split divorce separated ex
pregnant: pregnancy expecting baby birth born
adopt adoption: foster orphan agency

# Work, study, money
job work career occupation profession living: employed employer hired office company boss
    position role shift salary
job profession occupation career: nurse doctor teacher engineer lawyer accountant chef waiter
    banker barista driver designer programmer developer writer artist musician actor salesman
    manager scientist researcher farmer plumber electrician carpenter mechanic pilot police
    firefighter soldier journalist photographer therapist counselor dentist
fired dismissed: laid unemployed lost quit resigned
employer company firm: startup business office
business startup: company shop store entrepreneur customers clients launch brand venture
promote advertise marketing: campaign ads advertising social media flyers promotion
study degree education: university college school course class major graduate exam lecture
    thesis diploma bachelor master phd
school: teacher class classmate student college kindergarten
graduate graduated graduation: degree diploma finished
exam test: quiz finals grade passed failed
money finance financial: salary savings debt loan rent budget pay income bank afford expensive
    broke mortgage
buy bought purchase purchased: shopping ordered got store
sell sold: selling sale
goal goals plan plans: dream aim hope want ambition future resolution
achievement accomplishment success: won award prize medal trophy promoted proud

# Home and places
home house: apartment flat room condo place rent landlord
move moved relocate: moving relocated settled emigrated
live reside: home moved based apartment
hometown: born raised grew childhood native
country countries: abroad nation homeland usa america canada mexico england britain france
    germany spain italy portugal sweden norway greece turkey india china japan korea thailand
    australia brazil
city cities town: downtown london paris rome berlin madrid tokyo york boston chicago seattle
travel trip trips vacation holiday journey: flew flight visited airport hotel abroad cruise
    roadtrip tour beach passport
nature outdoors outdoor: forest mountain lake river park beach trail hiking camping woods ocean
    waterfall
hike hiking: trail mountain trek walk climb
camp camping: tent campfire outdoors
beach sea ocean: shore sand coast surfing swim waves
mountain mountains: peak summit hill climb ski
weather: rain snow sun storm cold hot wind
vehicle: car truck motorcycle bike van bus
car vehicle automobile: drive driving tesla ford toyota honda prius mechanic
bike bicycle: cycling ride cyclist

# Animals and plants
pet pets animal animals: dog cat puppy kitten hamster rabbit bunny bird parrot fish turtle
    guinea pig horse snake lizard gecko ferret
dog dogs: puppy pup poodle labrador retriever shepherd beagle bulldog terrier corgi husky leash
cat cats: kitten kitty tabby
bird: parrot canary pigeon owl eagle
plant plants: flower garden tree roses herb succulent orchid cactus seeds
garden gardening: plants flowers vegetables seeds soil
flower flowers: rose tulip sunflower daisy lily bouquet orchid

# Food and drink
food meal dish cuisine: cook ate eat dinner lunch breakfast recipe pizza pasta sushi curry soup
    salad burger steak tacos noodles rice restaurant
cook cooking: recipe bake kitchen dish meal chef dinner
bake baking baked: cake cookies bread pie oven muffins pastries
dessert sweet sweets: cake cookies ice cream pie chocolate brownies pudding candy
drink drinks beverage: coffee tea juice wine beer water soda cocktail smoothie milk
snack snacks: chips popcorn nuts cookies fruit
fruit: apple banana orange strawberry mango grapes berries peach pear cherry
vegetable vegetables: carrot tomato potato onion spinach broccoli pepper
restaurant cafe: diner dinner menu bistro eat
diet: vegetarian vegan gluten keto healthy calories weight
vegetarian vegan: meat plant-based
allergy allergic allergies: peanuts nuts lactose gluten pollen reaction shellfish
alcohol: wine beer whiskey vodka drunk sober

# Free time
hobby hobbies pastime interest interests activity activities: painting drawing reading writing
    photography gardening cooking baking knitting sewing pottery hiking camping fishing swimming
    running yoga dancing singing gaming chess guitar piano cycling collecting
fun enjoy relax unwind destress: hobby love favorite rest calm therapeutic peaceful escape
sport sports exercise workout fitness: gym running soccer football basketball baseball tennis
    golf swimming yoga cycling hockey volleyball boxing skiing surfing climbing weights marathon
    training
gym fitness workout: weights trainer lifting exercise cardio
martial arts: karate judo taekwondo kickboxing boxing aikido jiu-jitsu kung
run running: marathon jog race sprint 5k
race: marathon run charity 5k
swim swimming: pool lake beach
ball soccer football: match goal league team
game games gaming: video console xbox playstation nintendo chess cards board player zelda mario
    tournament
board games: chess monopoly catan scrabble cards
art artwork artistic: painting drawing sculpture canvas gallery sketch museum exhibit pottery
paint painting painted: canvas watercolor brush art portrait landscape
craft crafts: pottery knitting sewing crochet clay ceramics woodworking
pottery clay: ceramics bowl mug pot
music musical: song band concert album singer guitar piano playlist festival
instrument instruments: guitar piano violin drums flute clarinet cello saxophone trumpet ukulele
    keyboard bass harp
band bands singer artist: concert music song album
concert: gig festival band show performed
song songs: music album lyrics tune
dance dancing dancer: ballet salsa hip-hop contemporary choreography studio tango
movie movies film films: watched cinema director actor series netflix comedy thriller trilogy
show series tv: episode watch season netflix
book books novel read reading: author library story fiction chapter fantasy bookstore wrote
author writer: book wrote novel
write writing: book blog journal story poem poetry script screenplay article
poem poetry: poet verse
photo photography picture: camera photographer shot pic
collect collection: collector collecting vintage
volunteer volunteering: shelter charity community help donate homeless
charity: donate fundraiser donation volunteer nonprofit raise
event events: party festival concert conference parade workshop fair ceremony gala meeting race
    show
party celebration celebrate: birthday anniversary cake guests gathering
birthday: born cake turned age party
holiday holidays: christmas thanksgiving easter halloween new year
gift gifts present: gave received bought surprise
club group organization: joined member meeting community
class classes course workshop lesson: learn signed took teacher instructor

# Body, mind, health
health medical: doctor hospital sick ill injury surgery diagnosis pain checkup medication therapy
sick ill illness disease: flu cold fever cough infection cancer diabetes asthma migraine
injury injured hurt: sprained broken ankle knee accident surgery twisted pain
hospital clinic: doctor surgery nurse emergency
medicine medication: pill prescription drug antibiotics
doctor physician: appointment checkup hospital
therapy therapist counseling: counselor psychologist mental
mental: anxiety stress depression therapy wellbeing
stress stressed: anxious overwhelmed pressure burnout tired
sad upset unhappy: cried depressed down heartbroken grief
happy glad: joy excited thrilled proud
afraid fear scared: phobia anxious nervous terrified worried
angry mad: annoyed furious upset argument
die died death: passed funeral lost grief loss
sleep: insomnia bed tired nap rest
accident: crash collision injured hit
age old: years birthday born

# Identity, belief, things
religion religious faith: church god pray prayer bible mosque temple christian muslim jewish
    buddhist catholic
church: faith priest religious
political politics: election vote government campaign mayor council party
identity gender: transgender trans lgbtq queer gay lesbian nonbinary
lgbtq: gay lesbian transgender trans queer pride bisexual
military: army soldier veteran navy
language languages: english spanish french german chinese japanese italian portuguese
clothes clothing outfit fashion: dress shirt jacket shoes jeans hat sweater wear wardrobe
jewelry: necklace ring bracelet earrings
color colour colors: red blue green yellow purple pink orange black white
furniture: couch sofa chair table bed desk shelf
device gadget technology tech: phone laptop computer tablet camera app
computer laptop: pc mac software programming
phone: call mobile iphone android
internet online: website blog youtube instagram social
social media: instagram facebook tiktok twitter followers posts
video channel: youtube vlog content streaming
problem problems challenge challenges obstacle difficulty setback: struggle issue trouble hard
    tough difficult
start begin began started: launched opened first new
stop quit end: gave finished
learn learned: lesson taught studied class
teach taught: teacher lesson class tutor
help support supported: assist encourage encouragement
motivate inspire inspired inspiration: encouraged passion motivated influence
make build create created: made built designed crafted
fix repair: repaired broken mechanic renovation
renovate renovation: remodel repair upgrade
recommend recommendation suggest: suggestion advice recommended
advice: suggest tip recommend
meet met: introduced encountered
favorite favourite: love best prefer
like love enjoy: favorite fan passionate
name called: named nickname
big large: huge giant
small little: tiny
beautiful pretty: gorgeous stunning lovely
"""
