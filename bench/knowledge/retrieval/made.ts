import type { Theme } from './set.ts'

export const building: Theme = {
  passages: {
    'arch-bridge':
      'An arch bridge carries its load by pushing outwards. Every stone of the arch is squeezed between its neighbours, and the thrust goes into heavy abutments on both banks. Stone is strong when it is pressed and weak when it is pulled, so the curve suits it well. While the ring was being laid, a wooden frame held it up; only when the keystone closed the crown could the timber be taken away.',
    'suspension-bridge':
      'In a suspension bridge the roadway hangs from steel cables that run over tall towers and are anchored deep in rock at either end. The cables are pulled, never pushed, and thousands of thin wires are spun together to make each of them. Such bridges reach the longest spans of all, but they are light and the wind can set them swinging, so decks are stiffened with trusses or shaped like wings.',
    'beam-bridge':
      'The plainest crossing is a beam laid over two supports. Its upper side is compressed and its lower side is stretched when a cart drives over it. Because the bending grows quickly with the distance, plain beams are used for short spans, or in rows over many piers. Concrete beams have steel bars near the bottom, where the stretching would otherwise crack them.',
    cathedral:
      'Builders of Gothic cathedrals wanted high walls and large windows. Pointed arches and ribbed vaults gathered the weight of the roof at a few pillars, and flying buttresses led the outward thrust across the aisles to the ground. So the walls between the pillars carried almost nothing and could be opened for coloured glass. Masons moved from site to site, and many churches took more than a century to finish.',
    concrete:
      'Roman concrete was lime mixed with volcanic ash from near Pozzuoli and lumps of rock. It set even under water, and harbour piers made of it have grown harder in the sea for two thousand years. The dome of the Pantheon in Rome, more than forty-three metres across, was cast with lighter and lighter stones towards the top and has no steel in it at all.',
    lighthouse:
      'A lighthouse on a rock in the open sea must stand against waves that strike like hammers. John Smeaton gave the tower at Eddystone, finished in 1759, the shape of an oak: broad at its foot and curving inwards. Its granite blocks were cut to dovetail into each other, and a lime that hardens under water held them. The lamp was at first a chandelier of twenty-four candles.',
  },
  questions: [
    ['words', 'What holds up an arch bridge while the stones are being laid?', 'arch-bridge'],
    ['words', 'steel cables over tall towers', 'suspension-bridge'],
    ['forms', 'Why do bridges that hang from cables swing in windy weather?', 'suspension-bridge'],
    ['forms', 'supporting pillars and ribbed vaulting in a Gothic church', 'cathedral'],
    ['typo', 'what is a keystoen in an arch', 'arch-bridge'],
    ['typo', 'flying butresses of cathedrals', 'cathedral'],
    ['typo', 'suspenson bridge cabels', 'suspension-bridge'],
    [
      'other',
      'Which crossing type can cover the greatest distance without a pillar?',
      'suspension-bridge',
      'beam-bridge:1',
    ],
    ['other', 'Why does reinforced cement have iron rods inside at its underside?', 'beam-bridge'],
    ['other', 'ancient recipe for a building material that hardens in salt water', 'concrete', 'lighthouse:1'],
    ['compound', 'roadway deck stiffening against wind', 'suspension-bridge'],
    ['compound', 'underwater-hardening lime mortar', 'lighthouse', 'concrete'],
    ['name', 'Smeaton Eddystone', 'lighthouse'],
    ['name', 'Pantheon dome', 'concrete'],
    ['name', 'Pozzuoli ash', 'concrete'],
    ['hops', 'Which buildings lead an outward thrust to the ground, and how?', 'cathedral', 'arch-bridge'],
    [
      'hops',
      'Compare what is pulled and what is pushed in hanging bridges and stone arches',
      'suspension-bridge',
      'arch-bridge',
      'beam-bridge:1',
    ],
    ['other', 'How could medieval churches have such big stained windows?', 'cathedral'],
    ['forms', 'compressing and stretching of a bending beam', 'beam-bridge'],
  ],
}

export const kitchen: Theme = {
  passages: {
    sourdough:
      'A sourdough starter is flour and water in which wild yeasts and lactic bacteria live together. The yeasts make the gas that raises the bread; the bacteria make acids that give it its taste and keep mould away for days. A baker feeds the starter with fresh flour and throws part of it away, otherwise it becomes too sour. A loaf needs many hours to rise, longer in a cold kitchen.',
    gluten:
      'When wheat flour is wetted and kneaded, two of its proteins join into gluten, an elastic net that holds the bubbles of a rising dough. Strong flour has more protein and is good for bread; weak flour makes tender cakes. Fat and sugar hinder the net, which is why a rich dough is kneaded longer. Rye has little gluten, so its loaves are dense and are held together by starch.',
    caramel:
      'Sugar melts and turns brown at about 160 degrees. As caramel darkens, its sweetness fades and bitter and nutty tastes appear. A few drops of lemon juice split the sugar and keep crystals from forming, and a wet brush cleans the sides of the pan. Cream poured into hot caramel boils up violently; taken off the fire and stirred, it becomes a smooth sauce.',
    browning:
      'Meat, bread crust and roasted coffee owe their colour and smell to a reaction between amino acids and sugars, described by Louis Camille Maillard in 1912. It goes quickly above 140 degrees and needs a dry surface, since wet food cannot get hotter than boiling water. So a steak is patted dry before it is fried, and baking soda makes onions brown sooner.',
    cheese:
      'To make cheese, milk is soured by bacteria and thickened by rennet, an enzyme that was taken from the stomachs of calves. The curd is cut: the smaller the pieces, the more whey runs out and the harder the cheese will be. Salted and pressed, it ripens in a cellar, where moulds or bacteria change its paste. The holes of Emmental come from gas that bacteria give off while it ripens.',
    preserving:
      'Food keeps when the microbes that spoil it lack water, warmth or air, or meet too much acid. Salt draws water out of fish and ham; sugar does the same in jam. Vinegar and fermented cabbage are too sour for most bacteria. Nicolas Appert sealed food in bottles and boiled them from 1795 on, and tins followed in 1810, long before anybody knew why the heating helped.',
  },
  questions: [
    ['words', 'How does a baker feed a sourdough starter?', 'sourdough'],
    ['words', 'holes of Emmental cheese', 'cheese'],
    ['words', 'Why is strong flour good for bread?', 'gluten'],
    ['forms', 'kneading a richer dough for longer', 'gluten'],
    ['forms', 'bitterness of darkened caramels', 'caramel'],
    ['forms', 'ripening cheeses in cellars', 'cheese'],
    ['typo', 'sourdoh starter with wild yeest', 'sourdough'],
    ['typo', 'carmel sauce with creme', 'caramel'],
    ['typo', 'maillard reacton', 'browning'],
    ['other', 'Why should I dry a piece of beef with paper before putting it in the pan?', 'browning'],
    ['other', 'What makes rye loaves heavy?', 'gluten'],
    ['other', 'Who invented canning?', 'preserving'],
    ['other', 'coagulating dairy with an enzyme of young cattle', 'cheese'],
    ['compound', 'breadcrust aroma', 'browning', 'sourdough:1'],
    ['compound', 'lemonjuice against sugarcrystals', 'caramel'],
    ['name', 'Appert', 'preserving'],
    ['name', 'Louis Camille Maillard', 'browning'],
    ['hops', 'At what temperatures do sugar and meat turn brown?', 'caramel', 'browning'],
    ['hops', 'What foods are kept by lactic bacteria and sour acids?', 'sourdough', 'preserving', 'cheese:1'],
    ['words', 'salt draws water out of fish', 'preserving'],
  ],
}

export const machines: Theme = {
  passages: {
    'steam-engine':
      'Thomas Newcomen’s engine of 1712 pumped water from mines. Steam filled a cylinder, a spray of cold water condensed it, and the weight of the air pushed the piston down. Half a century later James Watt saw that heating and cooling the same cylinder wasted fuel, and condensed the steam in a separate vessel that stayed cold. His engines burned a quarter of the coal and soon turned wheels as well as pumps.',
    locomotive:
      'A locomotive must carry its own boiler, so steam at high pressure was needed. Richard Trevithick ran one on an ironworks track in Wales in 1804, but the brittle cast-iron rails broke under it. George and Robert Stephenson’s Rocket won the trials at Rainhill in 1829: many small tubes led the hot gases through the water, and the exhaust steam blown up the chimney drew air through the fire.',
    turbine:
      'In a turbine, steam or water turns a wheel of blades without any piston. Charles Parsons let the steam expand through many rows of blades in 1884, each taking a little of its speed, and drove a dynamo with it. His small ship Turbinia raced through the fleet at the naval review of 1897, and nobody could catch it. Today most electricity in the world comes from turbines.',
    diesel:
      'Rudolf Diesel wanted an engine that wastes less heat than steam. Air alone is squeezed until it is so hot that fuel sprayed into it catches fire by itself, without a spark. His test engine ran in Augsburg in 1897 and turned about a quarter of the fuel’s heat into work. The high pressure needs a heavy engine, so ships, lorries and power stations took it up before cars did.',
    clock:
      'Early mechanical clocks were driven by a falling weight and told the time only to a quarter of an hour. Christiaan Huygens hung a pendulum in a clock in 1656; since its swing takes nearly the same time whether wide or narrow, the error shrank to seconds a day. The escapement lets one tooth of a wheel pass at each swing and gives the pendulum a small push, which makes the tick.',
    loom: 'Joseph Marie Jacquard’s loom of 1804 wove patterns by itself. A chain of punched cards passed over a square block; where a card had a hole, a needle went through and a hook lifted its warp thread. A new pattern needed only other cards. Charles Babbage planned to feed his Analytical Engine in the same way, and Ada Lovelace wrote that it weaves algebraic patterns as the loom weaves flowers and leaves.',
  },
  questions: [
    ['words', 'Who condensed the steam in a separate vessel?', 'steam-engine'],
    ['words', 'a chain of punched cards', 'loom'],
    ['words', 'What does the escapement of a clock do?', 'clock'],
    ['forms', 'pumping water out of a mine with steam', 'steam-engine'],
    ['forms', 'rails breaking under the first locomotives', 'locomotive'],
    ['forms', 'weaving of patterned cloth by cards', 'loom'],
    ['typo', 'Newcommen engine', 'steam-engine'],
    ['typo', 'stevenson rocket locomotiv', 'locomotive'],
    ['typo', 'pendelum clocks', 'clock'],
    ['other', 'engine in which the fuel lights up because of compressed hot air', 'diesel'],
    ['other', 'How do power plants make most of the current that we use?', 'turbine'],
    ['other', 'Why did lorries and vessels use that motor earlier than automobiles?', 'diesel'],
    ['other', 'ancestor of computer programs in the textile industry', 'loom'],
    ['compound', 'steamturbine blades', 'turbine'],
    ['compound', 'high-pressure boiler on rails', 'locomotive', 'diesel:1'],
    ['name', 'Huygens', 'clock', 'saturn'],
    ['name', 'Turbinia', 'turbine'],
    ['name', 'Ada Lovelace and Charles Babbage', 'loom'],
    ['name', 'Trevithick', 'locomotive'],
    ['hops', 'Which engines waste less heat or fuel than the ones before them?', 'diesel', 'steam-engine', 'turbine:1'],
    ['hops', 'What did Parsons and Diesel build, and in which years?', 'turbine', 'diesel'],
  ],
}
