-- judgement: takes back what one judge said of a paper. Params: $paper_id, $direction, $judge
delete from judgement where paper_id = $paper_id and direction = $direction and judge = $judge
