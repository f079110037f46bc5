"""Main roads of Paris, with the boulevard périphérique."""

from ..records import City
from ..roads import RoadNetwork, Street

_PLACES = {
    "maillot": (48.878, 2.282),
    "champerret": (48.8857, 2.2915),
    "clichy_ring": (48.8945, 2.313),
    "saint_ouen": (48.899, 2.329),
    "clignancourt": (48.9003, 2.3445),
    "chapelle": (48.9005, 2.359),
    "aubervilliers": (48.9, 2.37),
    "villette": (48.899, 2.386),
    "pantin": (48.889, 2.396),
    "lilas": (48.877, 2.4075),
    "bagnolet": (48.865, 2.4135),
    "montreuil": (48.8535, 2.4145),
    "vincennes": (48.847, 2.415),
    "doree": (48.835, 2.407),
    "bercy": (48.8275, 2.3935),
    "ivry": (48.8205, 2.37),
    "italie_ring": (48.816, 2.36),
    "gentilly": (48.8155, 2.344),
    "orleans": (48.8205, 2.325),
    "vanves": (48.827, 2.305),
    "versailles": (48.8325, 2.2875),
    "saint_cloud": (48.838, 2.257),
    "auteuil": (48.848, 2.2585),
    "passy": (48.8575, 2.264),
    "dauphine": (48.8715, 2.2745),
    "etoile": (48.8738, 2.295),
    "george_v": (48.872, 2.3007),
    "rond_point": (48.869, 2.31),
    "concorde": (48.8656, 2.3212),
    "palais_royal": (48.8625, 2.3363),
    "chatelet": (48.8583, 2.3475),
    "saint_paul": (48.8552, 2.3608),
    "bastille": (48.8532, 2.3692),
    "nation": (48.8483, 2.3959),
    "strasbourg": (48.8695, 2.3543),
    "gare_est": (48.876, 2.358),
    "republique": (48.8674, 2.3636),
    "barbes": (48.8838, 2.3495),
    "saint_michel": (48.8515, 2.344),
    "luxembourg": (48.8462, 2.34),
    "port_royal": (48.84, 2.337),
    "denfert": (48.8338, 2.3324),
    "alesia": (48.8282, 2.3268),
    "solferino": (48.8585, 2.323),
    "saint_germain": (48.854, 2.3335),
    "montparnasse": (48.8422, 2.3219),
    "ternes": (48.8782, 2.2985),
    "villiers": (48.8812, 2.3155),
    "place_clichy": (48.8837, 2.3275),
    "pigalle": (48.8822, 2.3374),
    "filles_calvaire": (48.863, 2.3665),
    "leon_blum": (48.858, 2.379),
    "place_italie": (48.8312, 2.3556),
    "austerlitz": (48.8435, 2.3655),
    "bir_hakeim": (48.854, 2.289),
    "alma": (48.8645, 2.3012),
    "invalides": (48.8625, 2.313),
}

_STREETS = (
    (
        Street(name="Boulevard périphérique", postal_code="75017", speed=66),
        "maillot champerret clichy_ring saint_ouen clignancourt chapelle aubervilliers villette pantin lilas bagnolet montreuil vincennes doree bercy ivry italie_ring gentilly orleans vanves versailles saint_cloud auteuil passy dauphine maillot",
    ),
    (
        Street(name="Avenue des Champs-Élysées", postal_code="75008", speed=28),
        "etoile george_v rond_point concorde",
    ),
    (
        Street(name="Avenue de la Grande Armée", postal_code="75116", speed=34),
        "etoile maillot",
    ),
    (Street(name="Avenue Foch", postal_code="75116", speed=36), "etoile dauphine"),
    (
        Street(name="Rue de Rivoli", postal_code="75001", speed=22),
        "concorde palais_royal chatelet saint_paul bastille",
    ),
    (
        Street(name="Rue du Faubourg Saint-Antoine", postal_code="75011", speed=22),
        "bastille nation",
    ),
    (
        Street(name="Cours de Vincennes", postal_code="75012", speed=30),
        "nation vincennes",
    ),
    (
        Street(name="Boulevard de Sébastopol", postal_code="75003", speed=24),
        "chatelet strasbourg",
    ),
    (
        Street(name="Boulevard de Strasbourg", postal_code="75010", speed=22),
        "strasbourg gare_est",
    ),
    (
        Street(name="Boulevard de Magenta", postal_code="75010", speed=24),
        "republique gare_est barbes",
    ),
    (
        Street(name="Boulevard Ornano", postal_code="75018", speed=24),
        "barbes clignancourt",
    ),
    (
        Street(name="Boulevard Saint-Michel", postal_code="75005", speed=24),
        "chatelet saint_michel luxembourg port_royal",
    ),
    (
        Street(name="Avenue Denfert-Rochereau", postal_code="75014", speed=28),
        "port_royal denfert",
    ),
    (
        Street(name="Avenue du Général Leclerc", postal_code="75014", speed=26),
        "denfert alesia orleans",
    ),
    (
        Street(name="Boulevard Saint-Germain", postal_code="75006", speed=24),
        "concorde solferino saint_germain saint_michel",
    ),
    (
        Street(name="Rue de Rennes", postal_code="75006", speed=22),
        "saint_germain montparnasse",
    ),
    (
        Street(name="Boulevard du Montparnasse", postal_code="75014", speed=26),
        "montparnasse port_royal",
    ),
    (
        Street(name="Rue de Vaugirard", postal_code="75015", speed=26),
        "montparnasse versailles",
    ),
    (Street(name="Avenue de Wagram", postal_code="75017", speed=28), "etoile ternes"),
    (
        Street(name="Boulevard de Courcelles", postal_code="75017", speed=28),
        "ternes villiers",
    ),
    (
        Street(name="Boulevard des Batignolles", postal_code="75017", speed=26),
        "villiers place_clichy",
    ),
    (
        Street(name="Boulevard de Clichy", postal_code="75009", speed=22),
        "place_clichy pigalle",
    ),
    (
        Street(name="Boulevard de Rochechouart", postal_code="75018", speed=22),
        "pigalle barbes",
    ),
    (
        Street(name="Avenue de Clichy", postal_code="75017", speed=22),
        "place_clichy clichy_ring",
    ),
    (
        Street(name="Boulevard du Temple", postal_code="75003", speed=24),
        "republique filles_calvaire",
    ),
    (
        Street(name="Boulevard Beaumarchais", postal_code="75011", speed=24),
        "filles_calvaire bastille",
    ),
    (
        Street(name="Boulevard Saint-Martin", postal_code="75010", speed=22),
        "strasbourg republique",
    ),
    (
        Street(name="Boulevard Voltaire", postal_code="75011", speed=26),
        "republique leon_blum nation",
    ),
    (
        Street(name="Boulevard de l'Hôpital", postal_code="75013", speed=28),
        "place_italie austerlitz",
    ),
    (
        Street(name="Boulevard de la Bastille", postal_code="75012", speed=28),
        "austerlitz bastille",
    ),
    (
        Street(name="Avenue d'Italie", postal_code="75013", speed=28),
        "place_italie italie_ring",
    ),
    (
        Street(name="Boulevard Auguste Blanqui", postal_code="75013", speed=28),
        "place_italie denfert",
    ),
    (Street(name="Quai de Grenelle", postal_code="75015", speed=34), "bir_hakeim alma"),
    (
        Street(name="Cours Albert 1er", postal_code="75008", speed=34),
        "alma invalides concorde",
    ),
    (
        Street(name="Quai André Citroën", postal_code="75015", speed=34),
        "bir_hakeim saint_cloud",
    ),
)

PARIS = City(
    key="paris",
    name="Paris",
    country="France",
    country_code="FR",
    zone="Europe/Paris",
    altitude=38.0,
    first_vehicle_id=310501,
    plate="??-###-??",
    first_names=(
        "Camille",
        "Hugo",
        "Léa",
        "Mathieu",
        "Chloé",
        "Antoine",
        "Manon",
        "Julien",
        "Inès",
        "Baptiste",
    ),
    last_names=(
        "Lefèvre",
        "Moreau",
        "Garnier",
        "Rousseau",
        "Fontaine",
        "Chevalier",
        "Lambert",
        "Mercier",
        "Dupuis",
        "Blanchard",
    ),
    roads=RoadNetwork(_PLACES, _STREETS),
)
