-- Words that tell nobody apart: Omar Al Said and Fatima Al Nouri have one in common and are two people. Particles of names in the languages of
-- Norway's residents; titles; initials; and abbreviations like Chr., Md. and JP, which have no vowel. Ng is a name.
create or replace function private.tells_apart(p_word text)
returns boolean
language plpgsql immutable strict parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
  return not (
    p_word = any ('{
      al,el,ul,ud,ad,adh,an,ar,as,ash,at,ath,az,abd,abdul,abdel,abdal,abu,um,umm,bin,ben,ibn,bint,binti,binte,ould,wuld,
      da,das,de,del,dela,della,delle,dell,dei,degli,di,do,dos,du,des,la,las,le,les,lo,los,san,santa,saint,sankt,
      van,von,vom,der,den,det,dem,die,het,ten,ter,te,tot,zu,zum,zur,im,am,in,op,af,av,auf,und,og,and,och,et,
      mac,fitz,ni,nic,ap,ab,bar,bat,thi,mohd,muhd,prof,fru,herr,junior,senior,ii,iii,iv}'::text[])
    or length(private.fold_spelling(p_word)) = 1 and p_word collate "C" < U&'\2E80' -- beyond are Chinese and Korean, where one character is a word
    or length(p_word) <= 3 and translate(p_word, 'bcdfghjklmnpqrstvwxz', '') = '' and p_word <> 'ng');
end
$$;
comment on function private.tells_apart is 'In: a word of a name, in the letters of private.name_letters. Out: whether sharing it says anything about two people.';
