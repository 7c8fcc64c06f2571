import type { Theme } from './set.ts'

export const antiquity: Theme = {
  passages: {
    aqueduct:
      'Eleven aqueducts brought water to ancient Rome, the longest over ninety kilometres. It ran by itself in a covered channel that fell only a little, mostly underground; the rows of arches were needed only where a valley had to be crossed. Frontinus, who looked after them around the year 97, wrote down how much each of them carried and how people bored into the pipes to steal water.',
    roads:
      'Roman roads ran straight over hills and moors, with a bed of stones, gravel on top, and ditches at both sides; near towns they were paved. Milestones told the distance. By changing horses at posting stations a courier could ride eighty kilometres a day and more. The Appian Way of 312 BC led from Rome to Capua and later to Brindisi. The legions that marched there had built most of them.',
    pompeii:
      'When Vesuvius broke out in the year 79, Pompeii was buried under metres of ash and pumice. Pliny the Younger watched from across the bay and described the cloud as a pine tree; his uncle sailed to help and died. Giuseppe Fiorelli had plaster poured into the hollows that bodies had left in the hardened ash from 1863 on. Bread, shop signs and scribbles on walls show how people lived.',
    pyramid:
      'The Great Pyramid at Giza was built for King Khufu about 2560 BC out of some 2.3 million blocks. Most of the limestone was cut nearby, but granite came down the Nile from Aswan. A papyrus found at the Red Sea is the diary of Merer, who brought white stone by boat to Giza. The workers lived in a town with bakeries, were paid in bread and beer, and were buried with honour beside the king.',
    athens:
      'In the democracy of Athens the citizens themselves decided in the assembly on a hill, the Pnyx, and most offices were given by lot. Women, slaves and foreigners had no vote. Once a year they could send one man into exile for ten years by scratching his name into a potsherd, an ostrakon. Pericles introduced pay for jurors so that the poor could serve as well.',
    library:
      'The kings of Egypt who followed Alexander wanted all books of the world in their library at Alexandria. Ships in the harbour had to lend their scrolls, and often got back only the copy. Eratosthenes, who kept it, worked out the size of the earth from the shadow at noon in two towns. There was no single great fire: it faded over centuries, as money and scholars went elsewhere.',
  },
  questions: [
    ['words', 'How did water run in the aqueducts of Rome?', 'aqueduct'],
    ['words', 'Who was buried in the Great Pyramid at Giza?', 'pyramid'],
    ['words', 'milestones on Roman roads', 'roads'],
    ['forms', 'citizen voting in Athenian democracies', 'athens'],
    ['forms', 'stealing from the pipe by boring', 'aqueduct'],
    ['forms', 'burying of Pompeii in ashes', 'pompeii'],
    ['typo', 'pompei vesuvuis', 'pompeii'],
    ['typo', 'piramid of kufu', 'pyramid'],
    ['typo', 'eratostenes size of earth', 'library'],
    ['other', 'How could Athenians banish a politician?', 'athens'],
    ['other', 'How fast was a messenger in the empire?', 'roads'],
    ['other', 'wages of the builders of the tombs of the pharaohs', 'pyramid'],
    ['other', 'How do we know what the dead of the eruption looked like?', 'pompeii'],
    ['other', 'largest collection of scrolls in the ancient world', 'library'],
    ['compound', 'potsherd-vote', 'athens'],
    ['compound', 'plastercasts of the victims', 'pompeii'],
    ['name', 'Frontinus', 'aqueduct'],
    ['name', 'diary of Merer', 'pyramid'],
    ['name', 'Pliny the Younger', 'pompeii'],
    ['name', 'Appian Way', 'roads'],
    ['hops', 'What did the Romans build for water and for marching soldiers?', 'aqueduct', 'roads'],
    ['hops', 'Which bakeries and breads are known from Egypt and from a buried town?', 'pyramid', 'pompeii'],
  ],
}

export const medicine: Theme = {
  passages: {
    smallpox:
      'Smallpox killed every third person who caught it. In Turkey and China people were infected on purpose with matter from mild cases. Edward Jenner heard that milkmaids who had had cowpox did not get it, and in 1796 scratched cowpox into the arm of James Phipps, a boy of eight, who then proved immune. In 1980 the disease was declared gone from the whole world, the first that was ever rooted out.',
    cholera:
      'In 1854 cholera broke out around Broad Street in London. John Snow did not believe that bad air was to blame; he marked the dead on a map and found them around one water pump. When its handle was taken off, the outbreak, which was already weakening, ended. A cesspit had leaked into the well. Sewers and clean water have since saved more lives than most drugs.',
    penicillin:
      'Alexander Fleming came back from holiday in 1928 and saw that a mould had killed the bacteria in a dish. He could not make the substance pure. Howard Florey, Ernst Chain and Norman Heatley in Oxford did so from 1939 on, growing the mould in bedpans. Their first patient, a policeman, got better and died when the supply was used up. By the landing in Normandy there was enough for all the wounded.',
    anaesthesia:
      'Until 1846 surgeons had to be quick: patients were awake and held down. In that October William Morton let a man breathe ether in Boston, and a tumour was cut from his neck without pain. A year later James Simpson used chloroform at births in Edinburgh, and Queen Victoria took it in 1853, which silenced many who were against it. Dentists had tried laughing gas before.',
    handwashing:
      'In the maternity ward in Vienna where doctors taught, far more mothers died of childbed fever than in the ward of the midwives. Ignaz Semmelweis saw in 1847 that the doctors came from dissecting corpses and had them wash their hands in chlorinated lime; deaths fell to a tenth. Few believed him. Joseph Lister, who knew of Pasteur’s germs, cleaned wounds with carbolic acid from 1865 on.',
    xray: 'Wilhelm Conrad Röntgen saw a screen glow across his darkened laboratory in Würzburg in November 1895, though his tube was wrapped in black card. The unknown rays went through flesh and stopped at bones; he took a picture of his wife’s hand with her ring. Within weeks doctors used them to find bullets and fractures. That the rays harm the skin and cause cancer was learned painfully.',
  },
  questions: [
    ['words', 'Why did milkmaids not get smallpox?', 'smallpox'],
    ['words', 'cholera and the water pump in Broad Street', 'cholera'],
    ['words', 'mould that killed the bacteria in a dish', 'penicillin'],
    ['forms', 'washing of hands by a doctor in the maternity wards', 'handwashing'],
    ['forms', 'breathing ether for painless surgery', 'anaesthesia'],
    ['forms', 'photographed bone of a ringed hand', 'xray'],
    ['typo', 'penicilin flemming', 'penicillin'],
    ['typo', 'smalpox vacine jener', 'smallpox'],
    ['typo', 'clorofrom at births', 'anaesthesia'],
    ['other', 'first antibiotic', 'penicillin'],
    ['other', 'How were operations done before narcosis?', 'anaesthesia'],
    ['other', 'hygiene against infection after delivery', 'handwashing'],
    ['other', 'mapping an epidemic to find its source', 'cholera'],
    ['other', 'Which illness has been eradicated?', 'smallpox'],
    ['other', 'looking into the body without cutting it', 'xray'],
    ['compound', 'cowpox-scratching of a boy', 'smallpox'],
    ['compound', 'drinkingwater from a leaking cesspit-well', 'cholera'],
    ['name', 'Semmelweis', 'handwashing'],
    ['name', 'Röntgen', 'xray'],
    ['name', 'Rontgen in Wurzburg', 'xray'],
    ['name', 'Florey, Chain and Heatley', 'penicillin'],
    ['name', 'John Snow', 'cholera'],
    ['hops', 'Who was not believed, and about which cause of a disease?', 'handwashing', 'cholera:1'],
    ['hops', 'What did doctors learn about germs and mould that kill or save?', 'handwashing', 'penicillin'],
  ],
}

export const trade: Theme = {
  passages: {
    silk: 'For many centuries only the Chinese knew how to make silk. The caterpillar of the mulberry moth spins a single thread of up to a thousand metres around itself; the cocoons are put in hot water and the threads of several are reeled off together. It is told that two monks brought eggs of the moth to Justinian in Constantinople around 552, hidden in hollow sticks.',
    salt: 'Salt was as good as money where it was rare. In the Sahara caravans of camels carried slabs of it from Taghaza to Timbuktu and came back with gold. The people of Hallstatt in the Alps dug for it almost three thousand years ago, and their leather sacks and wooden ladders have kept in the mine. France taxed it so hard with the gabelle that smugglers were a plague.',
    tulips:
      'Tulips came to the Netherlands from Turkey in the sixteenth century. Petals with flames, which we know were the work of a virus, were dearest. In the winter of 1636 bulbs in the ground were bought and sold on paper in taverns, some for the price of a house on a canal. In February 1637 buyers stayed away and the prices fell within days, though fewer people were ruined than was told later.',
    coffee:
      'Coffee was first drunk in Yemen, by Sufis who wanted to stay awake for their prayers. From the harbour of Mocha it came to Cairo, Constantinople and, about 1650, to Oxford and London. Coffee houses cost a penny and were places of news: Lloyd’s, where ship owners met, became a market for insurance. The Dutch brought plants to Java and ended the monopoly of the Arabs.',
    money:
      'The first coins were struck in Lydia around 600 BC from a natural mixture of gold and silver. Their stamp promised the weight, so that nobody had to use scales. Paper money was made in Sichuan about the year 1000, since iron coins were too heavy to carry. When rulers printed too much of it, prices rose; the Yuan, whose notes Marco Polo admired, had to learn it as well.',
    hanse:
      'The Hanse was a league of merchants and towns around the Baltic and the North Sea, led by Lübeck. Its cogs, round ships with one large sail, carried herring, furs, wax and grain. In Bergen, Bruges, London and Novgorod its merchants lived in quarters of their own, under their own law. The league never had an army or a king, and met for the last time in 1669.',
  },
  questions: [
    ['words', 'How long is the thread that a silk caterpillar spins?', 'silk'],
    ['words', 'caravans of camels with slabs of salt', 'salt'],
    ['words', 'Why was paper money made in Sichuan?', 'money'],
    ['forms', 'reeling silken threads from a cocoon', 'silk'],
    ['forms', 'smuggling of taxed salts', 'salt'],
    ['forms', 'Hanseatic merchant and trading town', 'hanse'],
    ['typo', 'tulip buble 1637 bulps', 'tulips'],
    ['typo', 'cofee houses in londn', 'coffee'],
    ['typo', 'coins of lidya', 'money'],
    ['other', 'speculative mania over flowers', 'tulips'],
    ['other', 'Where did maritime insurance get started?', 'coffee'],
    ['other', 'How did a closely kept secret of textile making get to Byzantium?', 'silk'],
    ['other', 'What caused inflation in China?', 'money'],
    ['other', 'medieval trade alliance of northern ports', 'hanse'],
    ['other', 'drink that helped mystics to keep vigil', 'coffee'],
    ['compound', 'herring-ships of the Baltic', 'hanse'],
    ['compound', 'mulberrymoth eggs', 'silk'],
    ['name', 'Hallstatt', 'salt'],
    ['name', 'Lübeck', 'hanse'],
    ['name', 'Marco Polo', 'money'],
    ['name', 'Lloyd’s', 'coffee'],
    [
      'hops',
      'Which monopolies of the Chinese and the Arabs ended when somebody carried eggs or plants away?',
      'silk',
      'coffee',
    ],
    ['hops', 'Which goods were used like money or sold for the price of a house?', 'salt', 'tulips', 'money:1'],
  ],
}
