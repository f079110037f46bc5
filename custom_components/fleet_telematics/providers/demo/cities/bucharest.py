"""Main roads of Bucharest, with the belt road."""

from ..records import City
from ..roads import RoadNetwork, Street

_PLACES = {
    "universitate": (44.4353, 26.1025),
    "unirii": (44.4268, 26.1027),
    "victoriei": (44.4524, 26.086),
    "romana": (44.4465, 26.0975),
    "arcul": (44.4672, 26.0782),
    "presei": (44.479, 26.0715),
    "buzesti": (44.448, 26.0905),
    "ateneu": (44.4412, 26.0965),
    "cec": (44.435, 26.0973),
    "natiunile_unite": (44.4297, 26.0975),
    "constitutiei": (44.4268, 26.0915),
    "alba_iulia": (44.4262, 26.122),
    "muncii": (44.432, 26.1385),
    "rosetti": (44.4365, 26.108),
    "iancului": (44.4405, 26.133),
    "turda": (44.46, 26.066),
    "bucurestii_noi": (44.477, 26.042),
    "dorobanti": (44.4535, 26.0975),
    "circului": (44.4545, 26.1105),
    "obor": (44.4495, 26.1255),
    "dristor": (44.4195, 26.139),
    "charles_de_gaulle": (44.464, 26.086),
    "baneasa": (44.502, 26.0785),
    "otopeni": (44.533, 26.068),
    "stefanesti": (44.515, 26.17),
    "fundeni": (44.485, 26.2),
    "pantelimon": (44.447, 26.225),
    "cernica": (44.408, 26.217),
    "popesti": (44.365, 26.18),
    "jilava": (44.337, 26.085),
    "magurele": (44.356, 26.033),
    "bragadiru": (44.378, 25.975),
    "chiajna": (44.433, 25.943),
    "chitila": (44.485, 25.96),
    "mogosoaia": (44.515, 25.995),
    "lujerului": (44.4335, 26.03),
    "leu": (44.4345, 26.064),
    "eroilor": (44.435, 26.0775),
    "tineretului": (44.412, 26.1035),
    "eroii_revolutiei": (44.403, 26.094),
    "giurgiului": (44.38, 26.086),
    "delfinului": (44.4425, 26.168),
    "doamna_ghica": (44.461, 26.142),
    "sudului": (44.398, 26.122),
}

_STREETS = (
    (
        Street(name="Calea Victoriei", postal_code="010082", speed=22),
        "victoriei buzesti ateneu cec natiunile_unite",
    ),
    (
        Street(name="Șoseaua Kiseleff", postal_code="011345", speed=38),
        "victoriei arcul presei",
    ),
    (
        Street(name="Bulevardul Aviatorilor", postal_code="011853", speed=38),
        "victoriei charles_de_gaulle",
    ),
    (
        Street(name="Bulevardul Constantin Prezan", postal_code="011454", speed=34),
        "charles_de_gaulle arcul",
    ),
    (
        Street(name="Bulevardul Lascăr Catargiu", postal_code="010671", speed=28),
        "victoriei romana",
    ),
    (
        Street(name="Bulevardul General Magheru", postal_code="010336", speed=26),
        "romana universitate",
    ),
    (
        Street(name="Bulevardul I. C. Brătianu", postal_code="030171", speed=24),
        "universitate unirii",
    ),
    (
        Street(name="Bulevardul Unirii", postal_code="040104", speed=30),
        "constitutiei unirii alba_iulia",
    ),
    (
        Street(name="Bulevardul Libertății", postal_code="040128", speed=30),
        "constitutiei natiunile_unite",
    ),
    (
        Street(name="Bulevardul Decebal", postal_code="030964", speed=32),
        "alba_iulia muncii",
    ),
    (
        Street(name="Bulevardul Carol I", postal_code="020915", speed=26),
        "universitate rosetti",
    ),
    (
        Street(name="Bulevardul Pache Protopopescu", postal_code="021404", speed=28),
        "rosetti iancului",
    ),
    (
        Street(name="Bulevardul Ion Mihalache", postal_code="011181", speed=30),
        "victoriei turda bucurestii_noi",
    ),
    (
        Street(name="Șoseaua București-Târgoviște", postal_code="077135", speed=44),
        "bucurestii_noi mogosoaia",
    ),
    (
        Street(name="Șoseaua Ștefan cel Mare", postal_code="020133", speed=30),
        "victoriei dorobanti circului obor",
    ),
    (
        Street(name="Șoseaua Mihai Bravu", postal_code="021325", speed=32),
        "obor iancului muncii dristor sudului",
    ),
    (
        Street(name="Șoseaua București-Ploiești", postal_code="013685", speed=52),
        "presei baneasa otopeni",
    ),
    (
        Street(name="Șoseaua de Centură", postal_code="077040", speed=62),
        "otopeni stefanesti fundeni pantelimon cernica popesti jilava magurele bragadiru chiajna chitila mogosoaia otopeni",
    ),
    (
        Street(name="Bulevardul Iuliu Maniu", postal_code="061102", speed=40),
        "chiajna lujerului leu",
    ),
    (Street(name="Bulevardul Eroilor", postal_code="050514", speed=28), "leu eroilor"),
    (
        Street(name="Bulevardul Regina Elisabeta", postal_code="050013", speed=24),
        "eroilor cec universitate",
    ),
    (
        Street(name="Bulevardul Dimitrie Cantemir", postal_code="040243", speed=30),
        "unirii tineretului eroii_revolutiei",
    ),
    (
        Street(name="Șoseaua Giurgiului", postal_code="040658", speed=38),
        "eroii_revolutiei giurgiului jilava",
    ),
    (
        Street(name="Șoseaua Olteniței", postal_code="041304", speed=36),
        "eroii_revolutiei sudului popesti",
    ),
    (
        Street(name="Șoseaua Pantelimon", postal_code="021591", speed=36),
        "iancului delfinului pantelimon",
    ),
    (
        Street(name="Șoseaua Colentina", postal_code="021182", speed=34),
        "obor doamna_ghica fundeni",
    ),
    (
        Street(name="Calea Dorobanților", postal_code="010561", speed=26),
        "romana dorobanti charles_de_gaulle",
    ),
)

BUCHAREST = City(
    key="bucharest",
    name="București",
    country="România",
    country_code="RO",
    zone="Europe/Bucharest",
    altitude=80.0,
    first_vehicle_id=880401,
    plate="B-###-???",
    first_names=(
        "Andrei",
        "Ioana",
        "Mihai",
        "Elena",
        "Radu",
        "Cristina",
        "Vlad",
        "Alina",
        "Bogdan",
        "Raluca",
    ),
    last_names=(
        "Popescu",
        "Ionescu",
        "Dumitru",
        "Stan",
        "Marin",
        "Tudor",
        "Dobre",
        "Barbu",
        "Neagu",
        "Manole",
    ),
    roads=RoadNetwork(_PLACES, _STREETS),
)
