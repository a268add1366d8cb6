/**
 * Norwegian names, the most frequent first: the order is that of Statistics Norway's name statistics (ssb.no, "Navn") as far as
 * it is commonly known; their counts are not copied. Which name stands two places too high or low changes nothing here.
 */
export const WOMEN = words(`
  Anne Inger Kari Marit Ingrid Liv Eva Anna Maria Ida Hilde Berit Nina Marianne Astrid Elisabeth Kristin Bjørg Randi Solveig Bente Heidi
  Silje Hanne Linda Tone Elin Anita Tove Gerd Wenche Ragnhild Camilla Ellen Karin Hege Ann Mona Julie Marie Else Aud Mette Turid Sissel
  Trine Ruth Lise Stine Monica Emma Sara Åse Grete Unni Laila Kirsten Sigrid Line Gunn Kristine Rita Jorunn Irene Andrea Mari Siri Nora
  Torill Lene Vigdis Anette Reidun Emilie Maren Helene Cathrine Malin Thea Karen Gro May Signe Eli Rigmor Synnøve Edith Johanne Martine
  Christine Sofie Britt Hedda Therese Else Tonje Sunniva Frida Brit Guri Borghild Margit Gunvor Oddny Torunn Sidsel Kjersti Merete Vilde
  Ingeborg Asbjørg Magnhild Synne Oda Mathilde Selma Jenny Ella Olivia Sofia Leah Maja Amalie Tiril Tuva Ingvild Charlotte Pia Marte Eline`);

export const MEN = words(`
  Jan Per Bjørn Ole Lars Kjell Knut Svein Thomas Arne Geir Hans Martin Tor Andreas Morten Odd Anders Terje John Daniel Erik Marius Rune
  Kristian Trond Tore Harald Olav Jon Magnus Gunnar Rolf Stian Helge Kristoffer Henrik Frode Espen Øyvind Leif Nils Einar Kåre Alexander
  Jonas Fredrik Sverre Øystein Christian Stein Roger Kenneth Håkon Sindre Petter Eirik Dag Svend Karl Jørgen Roy Jørn Arild Vidar Egil
  Simen Sander Tom Ivar Steinar Emil Tommy Johan Ronny Adrian Finn Kim Jostein Robert Mathias Peter Sondre Henning Ketil Alf Markus Øivind
  Torbjørn Asbjørn Johannes Tobias Even Ivan Kurt Pål Roar Reidar Sigurd Oskar Jakob William Noah Lucas Filip Elias Johnny Torstein Halvor
  Aksel Isak Erling Oddvar Gaute Tarjei Truls Birger Sigbjørn Trygve Arvid Bernt Georg Ragnar Ludvik Viktor Trond Mads Vegard Joakim`);

/** Surnames: the patronymics and the farm names that everybody knows. */
export const COMMON_SURNAMES = words(`
  Hansen Johansen Olsen Larsen Andersen Pedersen Nilsen Kristiansen Jensen Karlsen Johnsen Pettersen Eriksen Berg Haugen Hagen Johannessen
  Andreassen Jacobsen Dahl Jørgensen Halvorsen Henriksen Lund Sørensen Jakobsen Gundersen Moen Iversen Svendsen Strand Solberg Martinsen
  Paulsen Knutsen Eide Bakken Kristoffersen Mathisen Lie Rasmussen Amundsen Lunde Kristensen Bakke Berge Moe Nygård Fredriksen Solheim
  Nguyen Holm Lien Hauge Christensen Andresen Nielsen Knudsen Evensen Sæther Aas Hanssen Myhre Haugland Thomassen Sivertsen Simonsen
  Danielsen Berntsen Sandvik Rønning Arnesen Antonsen Næss Vik Haug Ellingsen Thorsen Edvardsen Birkeland Isaksen Gulbrandsen Ruud Aasen
  Strøm Tangen Myklebust Ødegård Eliassen Helland Bøe Jenssen Aune Mikkelsen Tveit Abrahamsen Brekke Madsen Wold Gran Lorentzen Engen
  Bråthen Torgersen Carlsen Thoresen Løken Christiansen Krogh Aalerud Bjerke Borge Finstad Fjeld Fossum Kleven Røed Skoglund Stensrud
  Torp Østby Sørlie Vegge Nordby Syversen Øverland Gjerde Ali Ahmed Skaar Sande Hovland Fosse Rød Monsen Olaisen Bjørnstad Solli Aamodt`);

const FARM_BEGINNINGS = words(`
  Nord Sør Øst Vest Berg Dal Haug Lund Lund Sand Stein Bjørk Furu Gran Ask Eik Hassel Rogn Kirke Kvern Myr Nes Sol Skog Sæter Tveit Vang
  Vass Ås Øv Ned Brat Brei Lang Stor Små Ul Ør Hel Hest Hav Sjø Elve Fjell Hol Holm Horn Kald Klepp Kroke Kvit Lauv Li Mel Mo Mørk Nor Rise
  Rød Rust Røy Seim Sel Skar Skei Skjel Sogn Stav Svart Tind Tor Trol Tun Tøn Ut Val Var Ve Vin Ød Åker Ål Finn Gunn Ing Ketil Odd`);
const FARM_ENDINGS = words(`
  land stad heim rud set nes by dal berg haug li moen vik vold gård lund stuen bakken ås eng hus bø tveit tvedt sæter myr åsen erud
  sund strand foss fjord heimen bakk rød vang voll øy`);

/**
 * Seven people of ten have a surname that few share, most of them a farm's. They are put together as farm names are.
 */
export const FARM_SURNAMES = FARM_BEGINNINGS.flatMap((first) => FARM_ENDINGS.map((last) => `${first}${last}`));

function words(text: string): string[] {
  return [...new Set(text.trim().split(/\s+/))];
}
