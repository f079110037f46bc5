"""Main roads of Amsterdam, with the A10 ring."""

from ..records import City
from ..roads import RoadNetwork, Street

_PLACES = {
    "coenplein": (52.4245, 4.88),
    "coentunnel": (52.408, 4.864),
    "haarlemmerweg": (52.383, 4.8445),
    "jan_van_galen": (52.3735, 4.843),
    "lelylaan": (52.3582, 4.843),
    "sneevlietweg": (52.3465, 4.8395),
    "nieuwe_meer": (52.3385, 4.843),
    "amstelveenseweg": (52.3385, 4.8575),
    "rai": (52.337, 4.889),
    "amstel": (52.3285, 4.916),
    "gooiseweg": (52.3365, 4.932),
    "middenweg": (52.342, 4.953),
    "watergraafsmeer": (52.348, 4.964),
    "zeeburg": (52.366, 4.972),
    "zeeburgertunnel": (52.383, 4.972),
    "zunderdorp": (52.3985, 4.9605),
    "volendam": (52.403, 4.939),
    "landsmeer": (52.4135, 4.9135),
    "leidseplein": (52.3632, 4.88),
    "museumbrug": (52.3606, 4.885),
    "heineken": (52.358, 4.8915),
    "frederiksplein": (52.3582, 4.899),
    "torontobrug": (52.3588, 4.9065),
    "wibaut_noord": (52.3595, 4.909),
    "tropenmuseum": (52.3625, 4.9215),
    "wibaut": (52.3548, 4.9118),
    "amstelstation": (52.3466, 4.9175),
    "kinkerstraat": (52.3675, 4.877),
    "rozengracht": (52.3717, 4.876),
    "haarlemmerpoort": (52.3845, 4.883),
    "huygens": (52.3625, 4.8745),
    "vondelpark_west": (52.3588, 4.857),
    "surinameplein": (52.3578, 4.8535),
    "mercator": (52.3738, 4.856),
    "westerpark": (52.3845, 4.87),
    "centraal": (52.379, 4.9),
    "ij_zuid": (52.3745, 4.9125),
    "panamalaan": (52.374, 4.9345),
    "visserplein": (52.368, 4.905),
    "weesperplein": (52.3615, 4.9078),
    "ij_noord": (52.385, 4.917),
    "leeuwarderweg": (52.3935, 4.93),
    "van_wou": (52.3535, 4.9015),
    "rijnstraat": (52.348, 4.906),
    "rijnstraat_zuid": (52.341, 4.9075),
    "ferdinand_bol": (52.353, 4.8905),
    "scheldestraat": (52.3455, 4.8915),
    "europaplein": (52.341, 4.8905),
    "roelof_hart": (52.354, 4.882),
    "concertgebouw": (52.3563, 4.879),
    "haarlemmermeer": (52.353, 4.857),
    "stadionplein": (52.346, 4.857),
    "linnaeus": (52.355, 4.929),
    "betondorp": (52.3495, 4.937),
}

_STREETS = (
    (
        Street(name="Ringweg A10", postal_code="1043 AA", speed=74),
        "coenplein coentunnel haarlemmerweg jan_van_galen lelylaan sneevlietweg nieuwe_meer amstelveenseweg rai amstel gooiseweg middenweg watergraafsmeer zeeburg zeeburgertunnel zunderdorp volendam landsmeer coenplein",
    ),
    (
        Street(name="Stadhouderskade", postal_code="1071 ZD", speed=28),
        "leidseplein museumbrug heineken frederiksplein torontobrug",
    ),
    (
        Street(name="Mauritskade", postal_code="1091 EZ", speed=28),
        "torontobrug wibaut_noord tropenmuseum",
    ),
    (
        Street(name="Wibautstraat", postal_code="1091 GH", speed=30),
        "wibaut_noord wibaut amstelstation",
    ),
    (
        Street(name="Gooiseweg", postal_code="1097 DM", speed=45),
        "amstelstation gooiseweg",
    ),
    (
        Street(name="Nassaukade", postal_code="1052 CG", speed=28),
        "leidseplein kinkerstraat rozengracht haarlemmerpoort",
    ),
    (
        Street(name="Overtoom", postal_code="1054 HS", speed=24),
        "leidseplein huygens vondelpark_west surinameplein",
    ),
    (
        Street(name="Cornelis Lelylaan", postal_code="1062 HD", speed=40),
        "surinameplein lelylaan",
    ),
    (
        Street(name="Jan van Galenstraat", postal_code="1056 CC", speed=30),
        "rozengracht mercator jan_van_galen",
    ),
    (
        Street(name="Haarlemmerweg", postal_code="1051 LH", speed=38),
        "haarlemmerpoort westerpark haarlemmerweg",
    ),
    (
        Street(name="Haarlemmer Houttuinen", postal_code="1013 GL", speed=30),
        "haarlemmerpoort centraal",
    ),
    (
        Street(name="Prins Hendrikkade", postal_code="1012 AD", speed=26),
        "centraal ij_zuid",
    ),
    (
        Street(name="Piet Heinkade", postal_code="1019 BR", speed=38),
        "ij_zuid panamalaan",
    ),
    (
        Street(name="Piet Heintunnel", postal_code="1019 SZ", speed=50),
        "panamalaan zeeburg",
    ),
    (
        Street(name="Valkenburgerstraat", postal_code="1011 LZ", speed=28),
        "ij_zuid visserplein",
    ),
    (
        Street(name="Weesperstraat", postal_code="1018 DN", speed=28),
        "visserplein weesperplein wibaut_noord",
    ),
    (Street(name="IJtunnel", postal_code="1011 TA", speed=45), "ij_zuid ij_noord"),
    (
        Street(name="Nieuwe Leeuwarderweg", postal_code="1022 HH", speed=50),
        "ij_noord leeuwarderweg volendam",
    ),
    (
        Street(name="Van Woustraat", postal_code="1074 AA", speed=22),
        "frederiksplein van_wou rijnstraat",
    ),
    (
        Street(name="Rijnstraat", postal_code="1078 PX", speed=24),
        "rijnstraat rijnstraat_zuid",
    ),
    (
        Street(name="President Kennedylaan", postal_code="1079 MB", speed=32),
        "rijnstraat_zuid europaplein",
    ),
    (
        Street(name="Ferdinand Bolstraat", postal_code="1072 LD", speed=20),
        "heineken ferdinand_bol",
    ),
    (
        Street(name="Scheldestraat", postal_code="1078 GG", speed=24),
        "ferdinand_bol scheldestraat europaplein",
    ),
    (
        Street(name="Europaboulevard", postal_code="1083 AD", speed=40),
        "europaplein rai",
    ),
    (
        Street(name="Ceintuurbaan", postal_code="1073 TS", speed=22),
        "roelof_hart ferdinand_bol van_wou wibaut",
    ),
    (
        Street(name="Van Baerlestraat", postal_code="1071 AW", speed=24),
        "roelof_hart concertgebouw leidseplein",
    ),
    (
        Street(name="De Lairessestraat", postal_code="1071 PB", speed=28),
        "concertgebouw haarlemmermeer",
    ),
    (
        Street(name="Amstelveenseweg", postal_code="1075 XH", speed=28),
        "vondelpark_west haarlemmermeer stadionplein amstelveenseweg",
    ),
    (
        Street(name="Linnaeusstraat", postal_code="1093 EL", speed=24),
        "tropenmuseum linnaeus",
    ),
    (
        Street(name="Middenweg", postal_code="1097 TX", speed=28),
        "linnaeus betondorp middenweg",
    ),
)

AMSTERDAM = City(
    key="amsterdam",
    name="Amsterdam",
    country="Nederland",
    country_code="NL",
    zone="Europe/Amsterdam",
    altitude=2.0,
    first_vehicle_id=104201,
    plate="V-###-??",
    first_names=(
        "Daan",
        "Sanne",
        "Bram",
        "Femke",
        "Joost",
        "Lotte",
        "Ruben",
        "Anouk",
        "Thijs",
        "Marijke",
    ),
    last_names=(
        "de Vries",
        "Bakker",
        "Visser",
        "Smit",
        "Mulder",
        "Bos",
        "Vos",
        "Peters",
        "Dekker",
        "Kok",
    ),
    roads=RoadNetwork(_PLACES, _STREETS),
)
