import type { Theme } from './set.ts'

export const animals: Theme = {
  passages: {
    'honey-bee':
      'A honey bee that has found flowers tells the others by dancing on the comb. The straight run of her waggle dance points the way: its angle to the vertical is the angle between the flowers and the sun, and the longer it lasts the farther they are. Karl von Frisch worked this out by watching marked bees in hives with glass walls. The nectar is thickened to honey by fanning wings.',
    bumblebee:
      'Bumblebees fly on cold mornings when honey bees stay at home. They shiver their flight muscles to warm up before they start, and their fur keeps the heat. Some flowers, such as tomatoes, let go of their pollen only when they are shaken; a bumblebee clings to them and buzzes, and growers put boxes of them into glasshouses. Only young queens live through the winter, alone in the soil.',
    ant: 'Leafcutter ants do not eat the leaves that they carry home. They chew them into a pulp and grow a fungus on it, in gardens underground, and feed on that. Ants mark their way with scent: the shorter path is walked more often, so its scent is stronger, and soon nearly all of them follow it. A nest may hold millions of workers, all daughters of one queen.',
    tern: 'The Arctic tern sees more daylight than any other animal. It breeds in the far north in summer and then flies to the edge of the Antarctic ice, where it is summer again, and back: seventy thousand kilometres or more in a year. Small trackers showed that the birds do not take the straight way but follow the winds over the Atlantic in a great S.',
    owl: 'An owl hunts in the dark by ear. In the barn owl one ear sits higher than the other, so a mouse below sounds different in each of them, and the disc of feathers around the face gathers the sound. The front edge of its wing feathers is combed and the upper side is downy, which makes its flight almost silent. What it cannot digest, fur and bones, it spits out as pellets.',
    salmon:
      'A salmon hatches in a stream, goes down to the sea, and comes back years later to the very same stream to spawn. In the ocean it seems to steer by the magnetic field of the earth; near the coast it follows the smell of its home water, which it learned when it was young. On the way upriver it no longer eats and leaps over falls. Pacific salmon die after spawning.',
  },
  questions: [
    ['words', 'What does the waggle dance of a honey bee tell?', 'honey-bee'],
    ['words', 'fungus gardens of leafcutter ants', 'ant'],
    ['words', 'Why is the flight of an owl silent?', 'owl'],
    ['forms', 'dancing bees pointing to a flower', 'honey-bee'],
    ['forms', 'shivering muscles for warming before flying', 'bumblebee'],
    ['forms', 'a leaping salmon spawned', 'salmon'],
    ['typo', 'artic turn migration', 'tern'],
    ['typo', 'bumbelbees in the glashouse', 'bumblebee'],
    ['typo', 'leafcuter ant fungs', 'ant'],
    ['other', 'How do fish find the brook where they were born?', 'salmon'],
    ['other', 'Which creature travels farthest each year?', 'tern'],
    ['other', 'insect farmers that cultivate mushrooms', 'ant'],
    ['other', 'nocturnal predator hearing its prey', 'owl'],
    ['compound', 'tomato-flower pollination by buzzing', 'bumblebee'],
    ['compound', 'barnowl ears', 'owl'],
    ['name', 'Karl von Frisch', 'honey-bee'],
    ['name', 'Pacific salmon', 'salmon'],
    ['hops', 'Which animals find their way by smell or scent?', 'ant', 'salmon'],
    ['hops', 'What differences are there between honey bees and bumblebees in the cold?', 'bumblebee', 'honey-bee:1'],
    ['other', 'Do queens hibernate?', 'bumblebee', 'ant:1'],
  ],
}

export const plants: Theme = {
  passages: {
    photosynthesis:
      'Green leaves build sugar from water and carbon dioxide with the energy of light, and give off oxygen. Chlorophyll takes up red and blue light and leaves the green. Jan Ingenhousz showed in 1779 that plants give off the gas only in sunlight and only from their green parts. Nearly all food and all the oxygen of the air come from this work of plants, algae and some bacteria.',
    'tree-rings':
      'In spring a tree lays down wide, pale cells under its bark and in late summer narrow, dark ones; together they are one ring for each year. Wet years leave broad rings, dry years thin ones. Since all trees of a region share the pattern, old beams can be matched with younger wood, and in Germany an unbroken chain of oak and pine rings reaches back more than twelve thousand years.',
    oak: 'An oak may live five hundred years and more, and feeds hundreds of kinds of insects. Its acorns are heavy and do not go far by themselves: jays carry them off in autumn and hide them in the ground, and those that they forget become trees. Oak bark was used to tan leather, galls from its leaves gave black ink, and its hard wood made ships and barrels.',
    seeds:
      'Seeds travel in many ways. Dandelions hang theirs on parachutes, maples give them wings that spin, coconuts float for months, and burrs cling to fur; the last gave George de Mestral the idea for Velcro. Berries are bright so that birds eat them and drop the seeds elsewhere. A squirting cucumber shoots its seeds several metres by the pressure of its sap.',
    cactus:
      'A cactus stores water in its thick stem and has spines instead of leaves, since leaves would lose too much of it. Its pores open only in the cool of the night to take in carbon dioxide, which is kept as an acid until the sun gives light for making sugar. Shallow roots spread wide and drink up a short rain within hours. The pleated stem of a saguaro swells like an accordion.',
    flytrap:
      'The Venus flytrap grows in poor bogs of Carolina and gets its nitrogen from insects. Each half of the trap has a few fine hairs. One touch does nothing, but two touches within about twenty seconds snap it shut, so that a raindrop does not fool it. More touches by the struggling prey start the juices that digest it. Charles Darwin called it one of the most wonderful plants in the world.',
  },
  questions: [
    ['words', 'Which light does chlorophyll take up?', 'photosynthesis'],
    ['words', 'wide rings and thin rings of trees in wet and dry years', 'tree-rings'],
    ['words', 'pleated stem of a saguaro', 'cactus'],
    ['forms', 'jays hiding an acorn', 'oak'],
    ['forms', 'digesting of insects by a snapping trap', 'flytrap'],
    ['forms', 'floating coconut and spinning maple wing', 'seeds'],
    ['typo', 'fotosynthesis oxigen', 'photosynthesis'],
    ['typo', 'venus flytrapp hairs', 'flytrap'],
    ['typo', 'cactuss spines insted of leafs', 'cactus'],
    ['other', 'dating ancient timber by its growth pattern', 'tree-rings'],
    ['other', 'How do desert succulents keep from drying out?', 'cactus'],
    ['other', 'What inspired the hook-and-loop fastener?', 'seeds'],
    ['other', 'Where does the air that we breathe come from?', 'photosynthesis'],
    ['other', 'raw material for medieval writing fluid', 'oak'],
    ['compound', 'oakbark for leathertanning', 'oak'],
    ['compound', 'carnivorous bog-plant', 'flytrap'],
    ['name', 'Ingenhousz 1779', 'photosynthesis'],
    ['name', 'de Mestral', 'seeds'],
    ['name', 'Darwin on a wonderful plant', 'flytrap'],
    ['hops', 'How do birds help to spread oaks and berries?', 'oak', 'seeds'],
    [
      'hops',
      'What do leaves of green plants and stems of cacti do with carbon dioxide and light?',
      'photosynthesis',
      'cactus',
    ],
  ],
}

export const sky: Theme = {
  passages: {
    'moon-phases':
      'The moon shines by sunlight that falls on it, and half of it is always lit. As it goes around the earth in a month we see more or less of the lit half: nothing at new moon, all of it at full moon. Because it turns once in the same time as it circles us, it always shows us the same face. Its far side was first seen in 1959, in pictures of the probe Luna 3.',
    eclipse:
      'An eclipse of the sun happens when the new moon passes exactly before it; its shadow on the ground is at most some 270 kilometres wide. For a few minutes the corona can be seen. In a lunar eclipse the full moon goes through the shadow of the earth and turns copper red, since the air bends red light into it. The orbit is tilted, so there is not an eclipse every month.',
    tides:
      'The moon pulls harder on the water on the near side of the earth than on the far side, and so the oceans have two bulges. As the earth turns, most coasts have high water twice a day, some fifty minutes later from day to day. When sun and moon pull along one line, at new and full moon, there are spring tides; at half moon the neap tides are weak. In the Bay of Fundy the sea rises sixteen metres.',
    mars: 'Mars is red with rust. A day there is only forty minutes longer than ours, but the air is a hundred times thinner, and water would boil or freeze at once. Dry valleys and round pebbles show that rivers ran there more than three billion years ago. Olympus Mons, a volcano as wide as France, is over twenty kilometres high; it could grow so tall because the crust does not move on.',
    saturn:
      'Galileo thought in 1610 that Saturn had ears; Huygens saw that it was a ring which touches the planet nowhere. The rings are made of countless lumps of ice, from grains of dust to the size of houses, and are only some ten metres thick in most places, though they are as broad as twenty earths. The planet itself is mostly hydrogen, and lighter than water.',
    comet:
      'A comet is a lump of ice and dust a few kilometres wide. Near the sun its ice turns to gas, and the wind of particles from the sun blows a tail which always points away from it, also when the comet is leaving. Edmond Halley noticed that comets of 1531, 1607 and 1682 had the same path, and foretold the return for 1758. He did not live to see it.',
  },
  questions: [
    ['words', 'Why does the moon always show the same face?', 'moon-phases'],
    ['words', 'spring tides and neap tides', 'tides'],
    ['words', 'corona of the sun in an eclipse', 'eclipse'],
    ['forms', 'pulling of the moon on oceans', 'tides', 'moon-phases:1'],
    ['forms', 'the tail of comets pointing away', 'comet'],
    ['forms', 'icy ring lumps around planets', 'saturn'],
    ['typo', 'saturns rigns', 'saturn'],
    ['typo', 'lunar eclips copper colour', 'eclipse'],
    ['typo', 'olympos mons volcanoe', 'mars'],
    ['other', 'What causes ebb and flood at the shore?', 'tides'],
    ['other', 'iron oxide colours our neighbour planet', 'mars'],
    ['other', 'first photograph of the hidden hemisphere of our satellite', 'moon-phases'],
    ['other', 'Which planet would float in a bathtub?', 'saturn'],
    ['other', 'Was there ever flowing water on another world?', 'mars'],
    ['compound', 'sunlight-lit half of the moon', 'moon-phases'],
    ['compound', 'lavamountain on the red planet', 'mars'],
    ['name', 'Halley', 'comet'],
    ['name', 'Bay of Fundy', 'tides'],
    ['name', 'Luna 3', 'moon-phases'],
    ['hops', 'What happens at full moon to shadows and to the sea?', 'tides', 'eclipse', 'moon-phases:1'],
    ['hops', 'What did Galileo and Huygens see in the sky?', 'saturn'],
  ],
}
