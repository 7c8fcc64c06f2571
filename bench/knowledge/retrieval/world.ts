import type { Theme } from './set.ts'

export const earth: Theme = {
  passages: {
    volcano:
      'How a volcano erupts depends on its magma. Thin, hot lava, as on Hawaii, lets its gas escape and flows for kilometres. Thick lava holds the gas back until it bursts, and ash shoots high into the air. Most dangerous are glowing clouds of gas and ash that race downhill faster than a car. In 1815 Tambora threw up so much dust that the next year had no summer in Europe and New England.',
    earthquake:
      'The plates of the earth’s crust move a few centimetres a year and catch on each other. When the rock at a fault can bear no more, it slips within seconds and sends out waves. The fast ones push and pull like sound; the slower ones shake sideways and do more harm. From the time between both, one can tell how far away it was. Each step of magnitude means about thirty-two times the energy.',
    glacier:
      'A glacier is snow that has been pressed to ice by the snow of many winters and flows downhill by its own weight. It carries rocks along, grinds valleys into the shape of a U and leaves heaps of rubble, moraines, where it ends. Louis Agassiz concluded from scratched boulders far from the Alps that ice had once covered much of Europe. Glaciers in most mountains are shrinking now.',
    cave: 'Rain takes up carbon dioxide from the soil and becomes a weak acid, which dissolves limestone along its cracks. So caves are made over hundreds of thousands of years. Where the water drips into a cave, the gas leaves it and a little lime stays behind: stalactites hang from the ceiling, stalagmites grow from the floor, often less than a centimetre in a century.',
    desert:
      'Deserts are dry rather than hot; the largest is the Antarctic. The Sahara lies where air that rose at the equator comes down again and has lost its rain. The Atacama lies behind mountains and beside a cold current, and some of its weather stations have recorded no rain for years. Only a fifth of the Sahara is sand; most of it is gravel and rock. Six thousand years ago hippos swam there.',
    fossil:
      'A fossil begins when a dead animal is buried quickly in mud, before others eat it. Minerals from the water replace bone and shell bit by bit, and the mud becomes stone around them. Mary Anning dug ichthyosaurs and the first plesiosaur out of the cliffs of Lyme Regis and sold them to scholars. Since each layer of rock has its own kinds, fossils tell how old the layer is.',
  },
  questions: [
    ['words', 'Why was there no summer after Tambora?', 'volcano'],
    ['words', 'stalactites hang from the ceiling', 'cave'],
    ['words', 'Which desert is the largest?', 'desert'],
    ['forms', 'erupting volcanoes and flowing lavas', 'volcano'],
    ['forms', 'the grinding of valleys by glaciers', 'glacier'],
    ['forms', 'slipping faults and shaking', 'earthquake'],
    ['typo', 'stalagtites and limestone kave', 'cave'],
    ['typo', 'erthquake magnitud', 'earthquake'],
    ['typo', 'fosil ichtyosaur', 'fossil'],
    ['other', 'How can one tell the distance to the origin of a tremor?', 'earthquake'],
    ['other', 'What evidence was there for the ice ages?', 'glacier'],
    ['other', 'petrified remains of creatures in sediment', 'fossil'],
    ['other', 'Where does it hardly ever rain?', 'desert'],
    ['compound', 'dripstone growth per century', 'cave'],
    ['compound', 'ashcloud of an eruption', 'volcano'],
    ['compound', 'rubbleheaps left by mountain-ice', 'glacier'],
    ['name', 'Mary Anning', 'fossil'],
    ['name', 'Louis Agassiz', 'glacier'],
    ['name', 'Atacama', 'desert'],
    ['hops', 'What do layers of rock and boulders tell about the past?', 'fossil', 'glacier'],
    ['hops', 'Which things move a few centimetres a year, or grow less than one in a century?', 'earthquake', 'cave'],
  ],
}

export const sea: Theme = {
  passages: {
    longitude:
      'Latitude can be read from the height of the sun, but longitude needs the time at a known place. Clocks on swinging ships were too bad, and whole fleets ran aground. The British Parliament offered twenty thousand pounds in 1714. John Harrison, a carpenter, spent his life on it; his fourth timekeeper, a large watch, lost only five seconds on the way to Jamaica in 1761.',
    compass:
      'A magnetised needle that turns freely points north. The Chinese used it for laying out graves before ships, and by about 1100 sailors steered by it in cloudy weather. True north and magnetic north are not the same, and the difference changes from place to place and from year to year. Iron in a ship’s hull leads the needle astray, so small magnets are set beside it.',
    viking:
      'Viking ships were built of overlapping planks, split from oak along the grain and riveted together, so that the hull was light and bent with the waves. With their shallow draught they could be rowed up rivers and pulled over land. Around the year 1000 Leif Erikson reached a coast that he called Vinland; houses of Norsemen were dug out at L’Anse aux Meadows in Newfoundland in the 1960s.',
    polynesia:
      'The people of Polynesia settled islands over a third of the Pacific without instruments. They knew the rising points of stars, felt how the swell bends around islands, and watched clouds and homing birds. Two hulls joined by a deck carried families, pigs and taro for weeks. In 1976 the canoe Hōkūleʻa sailed from Hawaii to Tahiti, steered by Mau Piailug in the old way.',
    magellan:
      'Ferdinand Magellan left Spain with five ships and some two hundred and forty men in 1519 to find a western way to the spice islands. He passed the strait in the south of America that has his name, and crossed an ocean that he called peaceful, where his men ate leather and sawdust. He was killed in the Philippines. One ship, under Elcano, came home in 1522 with eighteen men: the first to sail around the world.',
    scurvy:
      'On long voyages more sailors died of scurvy than in storms and battles: their gums bled and old wounds opened. In 1747 James Lind gave six pairs of sick men different cures; the two that had oranges and lemons were well within a week. It took the navy almost fifty years to hand out lemon juice to all crews. What was lacking, vitamin C, was found in the 1930s.',
  },
  questions: [
    ['words', 'How did John Harrison solve the problem of longitude?', 'longitude'],
    ['words', 'oranges and lemons against scurvy', 'scurvy'],
    ['words', 'true north and magnetic north', 'compass'],
    ['forms', 'sailing around the world, first ship', 'magellan'],
    ['forms', 'rowing of a Viking ship up the river', 'viking'],
    ['forms', 'steering by stars between the Pacific island', 'polynesia'],
    ['typo', 'magelan straight', 'magellan'],
    ['typo', 'longitud timekeper', 'longitude'],
    ['typo', 'scurvey vitamine c', 'scurvy'],
    ['other', 'illness of mariners from lack of fresh fruit', 'scurvy'],
    ['other', 'navigating without any tools over the ocean', 'polynesia'],
    ['other', 'Europeans in America long before Columbus', 'viking'],
    ['other', 'How do seafarers find the direction under an overcast sky?', 'compass'],
    ['other', 'early controlled clinical experiment', 'scurvy'],
    ['compound', 'magnet-needle deviation by the ironhull', 'compass'],
    ['compound', 'prizemoney of Parliament for a ship-clock', 'longitude'],
    ['name', 'Leif Erikson', 'viking'],
    ['name', 'Mau Piailug', 'polynesia'],
    ['name', 'Elcano', 'magellan'],
    ['name', 'James Lind', 'scurvy'],
    ['hops', 'Which explorers crossed the Pacific, and how did they find their way?', 'polynesia', 'magellan'],
    ['hops', 'What did sailors need in order to know where they were and which way was north?', 'longitude', 'compass'],
  ],
}

export const writing: Theme = {
  passages: {
    cuneiform:
      'The oldest writing that we know was pressed into wet clay in Mesopotamia more than five thousand years ago, first to count sheep and grain. A cut reed left marks like wedges. Clay is cheap and lasts: when a palace burned, its tablets were baked. Henry Rawlinson copied a text in three languages from a cliff at Behistun, hanging on ropes, and so the signs could be read again.',
    hieroglyphs:
      'Egyptian hieroglyphs stand for sounds as well as for things. Nobody could read them any more until a stone was found at Rosetta in 1799 with the same decree in hieroglyphs, in everyday script and in Greek. Jean-François Champollion began with the names of kings, which stand in ovals, and in 1822 understood that even the names were spelled with pictures for sounds.',
    alphabet:
      'The alphabet was invented once. Workers from the Levant took a few signs of the Egyptians for the first sounds of their own words: an ox head, aleph, for the throat sound before it. The Phoenicians carried some twenty-two letters over the Mediterranean, and the Greeks, who did not need all of them, used the rest for vowels. From theirs come the Latin and the Cyrillic letters.',
    paper:
      'Cai Lun told the Chinese court in the year 105 how to make paper from bark, hemp and old rags: the fibres are beaten in water and lifted out with a sieve, and the sheet is pressed and dried. Prisoners of the battle at Talas are said to have taken the craft to Samarkand in 751. Europe made its paper from linen rags until wood pulp replaced them in the nineteenth century.',
    printing:
      'Johannes Gutenberg of Mainz cast single letters of lead, tin and antimony in a mould that could be set to the width of each, so that they fitted side by side. He used an ink of oil that stuck to metal and a press like that of wine growers. His Bible of about 1455 has 42 lines on a page, and some 180 copies were printed. Fifty years later there were millions of books in Europe.',
    braille:
      'Louis Braille lost his sight as a child, and at fifteen made a script for fingers out of a night code of the army. Each letter is a cell of up to six raised dots, which one fingertip covers at once. Its sixty-three patterns also serve for music and figures. His school in Paris held on to embossed Latin letters for years, since its teachers could not read the dots.',
  },
  questions: [
    ['words', 'How was the Rosetta stone used to read hieroglyphs?', 'hieroglyphs'],
    ['words', 'marks like wedges in wet clay', 'cuneiform'],
    ['words', 'cell of six raised dots', 'braille'],
    ['forms', 'casting a letter of lead for the printers', 'printing'],
    ['forms', 'beaten fibre of rags sieved and drying', 'paper'],
    ['forms', 'the spelling of Egyptian royal name in an oval', 'hieroglyphs'],
    ['typo', 'gutenburg bibel', 'printing'],
    ['typo', 'cuniform tablets', 'cuneiform'],
    ['typo', 'foenician alfabet', 'alphabet'],
    ['other', 'How do blind people read?', 'braille'],
    ['other', 'Where did movable type begin in Europe?', 'printing'],
    ['other', 'Why did some ancient archives survive a fire?', 'cuneiform'],
    ['other', 'origin of our ABC', 'alphabet'],
    ['other', 'What were sheets for books made of before trees were used?', 'paper'],
    ['compound', 'ox-head letter', 'alphabet'],
    ['compound', 'winepress for bookprinting', 'printing'],
    ['name', 'Champollion', 'hieroglyphs'],
    ['name', 'Cai Lun', 'paper'],
    ['name', 'Rawlinson at Behistun', 'cuneiform'],
    ['hops', 'Which old scripts were understood with texts in three languages?', 'cuneiform', 'hieroglyphs'],
    ['hops', 'What did the Greeks take from Egyptians and Phoenicians for their letters?', 'alphabet', 'hieroglyphs:1'],
    ['hops', 'Which inventions from China and Mainz made books cheap?', 'paper', 'printing'],
  ],
}
