/**
 * One name, several spellings, all of them in Norwegian registers: the same person's passport, own habit and a clerk's ear. Each
 * line is one name. Written from what such names are commonly spelled like; no register was counted.
 */
export const ARABIC_MEN = lines(`
  Mohammed Muhammad Mohamed Mohammad|Ahmed Ahmad|Ali|Omar Umar|Hassan Hasan|Hussein Hussain Husain|Khaled Khalid|Ibrahim Ebrahim
  Mustafa Moustafa|Yousef Yusuf Youssef|Mahmoud Mahmud|Abdullah Abdallah|Tarek Tariq|Samir Sameer|Karim Kareem|Bilal Belal|Jamal Gamal
  Nabil Nabeel|Faisal Faysal|Said Saeed|Hamza Hamzah|Ismail Esmail|Salim Saleem|Walid Waleed|Zaid Zayd|Anas|Amir Ameer|Rami|Fadi|Hadi`);
export const ARABIC_WOMEN = lines(`
  Fatima Fatma Fatemeh|Maryam Mariam Miriam|Aisha Aysha Aicha|Zainab Zeinab Zaynab|Khadija Khadijah|Amina Aminah|Layla Leila Laila
  Noor Nour Nur|Huda Hoda|Salma Selma|Yasmin Yasmeen Jasmin|Rania Ranya|Sara Sarah|Hanan|Rasha|Amal|Iman Eman|Dina|Mona Muna|Samira Sameera
  Nadia Nadya|Rana|Safa Safaa|Asma Asmaa|Sumaya Sumayya|Hiba Heba|Lina Leena|Marwa Marwah|Zahra Zahraa|Reem Rim`);
export const ARABIC_SURNAMES = lines(`
  Al-Said Al Said Alsaid|Al-Nouri Al Nouri Alnouri|Hussein Hussain|Al-Hassan Alhassan|Khalil Khaleel|Haddad Hadad|Al-Masri Almasri|Najjar Najar
  Mansour Mansur|Saleh Salih|Hamdan|Al-Ahmad Alahmad|Darwish Darwesh|Khoury Khouri|Issa Essa|Nasser Nasir|Rahman Rehman|Al-Jabouri Aljabouri
  Shaheen Shahin|Aziz Azeez|Barakat|Jaber Jabir|Kassem Qasim Kasem|Sabbagh Sabagh|Zidan Zaidan|Yassin Yasin|Al-Tamimi Altamimi|Habib Habeeb`);
export const SOMALI_MEN = lines(`
  Mohamed Maxamed Mohammed|Abdi|Ahmed Axmed|Hassan Xasan|Ali Cali|Abdullahi Cabdullaahi|Omar Cumar|Yusuf Yuusuf|Ibrahim Ibraahim|Hussein Xuseen
  Abdirahman Cabdiraxmaan Abdurahman|Ismail Ismaaciil|Mahad|Liban Liibaan|Warsame|Farah Faarax|Jama Jaamac|Nur Nuur|Osman Cismaan|Adan Aadan Aden
  Said Siciid|Mahamud Maxamuud|Guled Guuleed|Bile|Dahir Daahir|Isse Ciise|Elmi Cilmi|Hirsi Xirsi|Roble Rooble|Samatar`);
export const SOMALI_WOMEN = lines(`
  Fadumo Faadumo Fatuma|Amina Aamina|Halima Xaliimo Halimo|Hodan Hoodan|Ayaan Ayan|Sahra Zahra|Khadra Qadra|Asha Caasha|Ifrah Ifraah|Hibo Hibaaq
  Maryan Maryam|Nasra|Ubah Ubax|Safia Safiya|Hawa Xaawo|Deqa|Ikran Ikraan|Hamdi Xamdi|Sagal Sagaal|Idil|Muna|Fartun Fartuun|Sucdi Suudi|Zamzam`);
export const URDU_MEN = lines(`
  Muhammad Mohammad Mohammed|Ali|Ahmed Ahmad|Imran|Usman Osman|Bilal|Asif|Tariq Tarik|Khalid|Nadeem Nadim|Shahid Shaheed|Saqib Saquib|Waqas Waqqas
  Zahid|Faisal|Adnan|Kashif|Hamza|Arshad|Javed Javaid|Iqbal|Nasir Naseer|Rashid Rasheed|Sajid|Tahir Taher|Umar Omar|Yasir Yaser|Zeeshan Zishan`);
export const URDU_WOMEN = lines(`
  Aisha Ayesha|Fatima Fatimah|Saima|Nadia|Rubina Robina|Shazia|Samina Sameena|Tahira Tahera|Farah|Bushra|Nasreen Nasrin|Parveen Parvin|Rukhsana Ruksana
  Sana|Uzma|Zainab|Hina|Mehwish|Sadia|Shabana|Noreen Nourin|Kiran|Maria|Amna Aamna|Iqra|Javeria Jawairia|Khadija|Lubna|Naila|Sidra`);
export const URDU_SURNAMES = lines(`
  Khan|Hussain Hussein|Ahmed Ahmad|Malik Mallik|Butt Bhatt|Chaudhry Choudhry Chaudhary|Iqbal|Mirza|Sheikh Shaikh|Qureshi Quraishi|Raja|Akhtar Akhter
  Mahmood Mehmood|Bibi|Begum|Shah|Ashraf|Siddiqui Siddiqi|Syed Sayed|Javed|Anwar|Bhatti|Rehman Rahman|Aslam|Nawaz|Riaz Riyaz|Zafar|Abbasi`);

/** From a spelling to the others of the same name. */
export const OTHER_SPELLINGS: ReadonlyMap<string, readonly string[]> = new Map(
  [
    ...[
      ARABIC_MEN,
      ARABIC_WOMEN,
      ARABIC_SURNAMES,
      SOMALI_MEN,
      SOMALI_WOMEN,
      URDU_MEN,
      URDU_WOMEN,
      URDU_SURNAMES,
    ].flat(),
    ...lines(`
      Kristian Christian|Kristoffer Christoffer|Christine Kristine|Kathrine Cathrine Katrine|Marit Marith|Liv Live|Per Peer Pär|Karl Carl|Erik Eric Eirik
      Sofie Sophie|Thomas Tomas|Mathias Matias|Markus Marcus|Oskar Oscar|Viktor Victor|Filip Phillip|Ragnhild Ragnhil|Elisabeth Elizabet|Bjørn Bjorn
      Kristiansen Christiansen|Jacobsen Jakobsen|Johannessen Johannesen|Andreassen Andreasen|Pettersen Petersen|Kristoffersen Christoffersen
      Mathisen Mathiesen Matisen|Hansen Hanssen|Jensen Jenssen|Sæther Sæter Sether|Myhre Myre|Moen Moeen|Haugland Haugeland|Nygård Nygaard
      Ødegård Ødegaard|Næss Nes|Aas Ås|Bråthen Braaten|Solberg Soldberg|Knutsen Knudsen|Thorsen Torsen|Syversen Syvertsen|Madsen Matsen`),
  ].flatMap((names) => names.map((name) => [name, names.filter((other) => other !== name)] as const)),
);

/** @returns each line's names; a name of two words is written with `_`, and "Al Said" stays what it is */
function lines(text: string): string[][] {
  return text
    .trim()
    .split(/[|\n]/)
    .map((line) =>
      line
        .trim()
        .replace(/\bAl ([A-Z])/g, 'Al_$1')
        .split(/\s+/),
    )
    .map((names) => names.map((name) => name.replace('_', ' ')))
    .filter((names) => names[0] !== '');
}
