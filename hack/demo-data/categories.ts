/** The shop's categories, by the subcategories of emoji-datasource that they are made of. */
const categories: Record<string, string[]> = {
  animals: [
    'animal-mammal',
    'animal-reptile',
    'animal-marine',
    'animal-bug',
    'animal-bird',
    'animal-amphibian',
  ],
  athletes: ['person-sport'],
  'body-parts': [
    'hand-single-finger',
    'hand-fingers-closed',
    'hand-fingers-open',
    'hand-fingers-partial',
    'hands',
    'hand-prop',
    'body-parts',
  ],
  clothing: ['clothing'],
  electronics: ['computer', 'phone', 'light & video'],
  families: ['family'],
  'fantasy-figures': ['person-fantasy'],
  flags: ['country-flag', 'flag', 'subdivision-flag'],
  'fruit-and-vegetables': ['food-fruit', 'food-vegetable'],
  'hearts-and-feelings': ['heart', 'emotion'],
  'house-and-tools': ['household', 'tool', 'lock', 'medical', 'science', 'other-object', 'money'],
  leisure: ['game', 'sport', 'award-medal', 'arts & crafts', 'event'],
  'meals-and-drinks': ['food-prepared', 'food-asian', 'food-sweet', 'drink', 'dishware'],
  music: ['music', 'musical-instrument', 'sound'],
  'office-and-books': ['office', 'writing', 'book-paper', 'mail'],
  'people-at-leisure': ['person-activity', 'person-resting'],
  'people-at-work': ['person-role'],
  places: [
    'place-other',
    'place-geographic',
    'place-map',
    'place-building',
    'place-religious',
    'hotel',
  ],
  plants: ['plant-other', 'plant-flower'],
  portraits: ['person', 'person-gesture', 'person-symbol'],
  signs: [
    'keycap',
    'other-symbol',
    'alphanum',
    'av-symbol',
    'transport-sign',
    'geometric',
    'warning',
    'arrow',
    'religion',
    'math',
    'punctuation',
    'gender',
    'zodiac',
    'currency',
  ],
  'sky-and-time': ['sky & weather', 'time'],
  smileys: [
    'face-smiling',
    'face-tongue',
    'face-sleepy',
    'face-affection',
    'face-glasses',
    'face-neutral-skeptical',
    'face-concerned',
    'face-unwell',
    'face-costume',
    'face-negative',
    'face-hand',
    'face-hat',
    'cat-face',
    'monkey-face',
  ],
  vehicles: ['transport-ground', 'transport-air', 'transport-water'],
};

const bySubcategory = new Map(
  Object.entries(categories).flatMap(([category, parts]) => parts.map((part) => [part, category])),
);

/** Swatches of skin are no product. */
const left = new Set(['skin-tone']);

/** The category of a subcategory; undefined for what the shop does not sell. Throws for one it has never seen. */
export function categoryOf(subcategory: string): string | undefined {
  if (left.has(subcategory)) return undefined;
  const category = bySubcategory.get(subcategory);
  if (!category) throw new Error(`No category of the demo shop takes ${subcategory}.`);
  return category;
}
